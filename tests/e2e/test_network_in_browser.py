"""The network in a real browser: a router is set up and tried, a session is ended, secrets are for who may see them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import NetworkFinding, OnlineSession, Router, RouterState, UsageDay
from billing.services import sweep
from billing.services.network import accounts, intents, sealing
from tests.builders import make_customer, make_overdue_subscription, make_plan
from tests.e2e.pictures import PHONE, picture
from tests.e2e.test_accessibility import findings
from tests.e2e.test_browser import page  # noqa: F401  # a fixture
from tests.faces.conftest import list_url, url
from tests.faces.roles import somebody
from tests.network.billing_side import delivering, log_in, make_router, subscriber, switch
from tests.network.conftest import key, radius_router, router, routeros  # noqa: F401  # fixtures
from tests.network.fake_radius import SECRET
from tests.network.fake_routeros import PASSWORD, USER

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]

MEGABYTE = 1_000_000


@pytest.fixture
def desk_of(page, live_server):  # noqa: F811
    """The browser of somebody with a role, on the page of a row, a list or an address."""

    def desk_of(role, at):
        session = somebody(role).cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page.goto(live_server.url + (at if isinstance(at, str) else url(at)))
        return page

    return desk_of


@pytest.fixture
def ann(router, radius_router):  # noqa: F811
    """A subscriber with credentials who is online on the fake router."""
    Router.objects.update(name="North tower")
    ann = subscriber(login="ann-home", customer=make_customer(name="Ann Lee"), plan=plan_of_ann())
    accounts.new_password(ann)
    log_in(ann, router, radius_router, **carried(734, 51), framed_address="100.64.0.7")
    return ann


def plan_of_ann():
    return make_plan(name="Home 20", download_kbps=20000, upload_kbps=5000)


def carried(down, up):
    return {
        "download_bytes": down * MEGABYTE,
        "upload_bytes": up * MEGABYTE,
        "calling_station": "48:8F:5A:10:22:31",
        "started_at": timezone.now() - timedelta(hours=3),
    }


def choose(desk, button):
    """A button in the menu “Network” of a subscription."""
    desk.locator("[x-ref=actionDropdown] > a").filter(has_text="Network").click()
    desk.get_by_role("link", name=button).click()


def save(desk):
    desk.get_by_role("button", name="Save", exact=True).click()


def test_a_router_is_entered_wrongly_then_rightly_and_tried(desk_of, radius_router):  # noqa: F811
    desk = desk_of("manager", "/admin/billing/router/add/")
    desk.locator("[name=name]").fill("North tower")
    desk.locator("[name=address]").fill("127.0.0")
    desk.locator("[name=kind]").select_option("routeros")
    save(desk)
    desk.get_by_text("Enter a valid IPv4 or IPv6 address.").wait_for()
    desk.get_by_text("Needed: where the router's REST answers").wait_for()
    assert not Router.objects.exists()
    desk.locator("[name=address]").fill("127.0.0.1")
    desk.locator("[name=kind]").select_option("radius")
    desk.locator("[name=secret]").fill(SECRET.decode())
    desk.locator("[name=coa_port]").fill(str(radius_router.port))
    save(desk)
    desk.get_by_text("was added successfully").wait_for()
    router = Router.objects.get()  # noqa: F811
    assert sealing.unseal(router.secret_sealed) == SECRET.decode()
    desk = desk_of("technician", router)
    assert desk.locator("a[href$='/test-connection/']").count() > 0
    assert desk.locator("a[href$='/show-secrets/'], a[href$='/new-secret/']").count() == 0
    probe(desk)
    desk.get_by_text("The router answers and knows the secret").wait_for()
    radius_router.forges = True
    probe(desk)
    desk.get_by_text("The test failed").wait_for()


def probe(desk):
    desk.get_by_role("link", name="Test connection").click()
    desk.get_by_role("button", name="Test connection").click()


def test_a_routeros_router_tells_its_version_or_that_it_is_another(desk_of, routeros):  # noqa: F811
    router = make_router(routeros, name="South")  # noqa: F811
    desk = desk_of("technician", router)
    probe(desk)
    desk.get_by_text("RouterOS 7.16.2 (stable) on CCR2004").wait_for()
    Router.objects.update(certificate_sha256="ab" * 32)
    probe(desk)
    desk.get_by_text("The test failed").wait_for()
    assert (routeros.target().rest_user, routeros.target().rest_password) == (USER, PASSWORD)


def test_a_session_of_the_list_is_really_cut_on_the_router(desk_of, ann, radius_router):  # noqa: F811
    desk = desk_of("technician", list_url(OnlineSession))
    desk.get_by_role("cell", name="734.0 MB").wait_for()
    desk.get_by_role("link", name="ann-home").click()
    choose(desk, "Disconnect now")
    desk.get_by_role("button", name="Disconnect now").dblclick()
    desk.get_by_text("The router is asked to end 1 session").wait_for()
    with delivering():
        wait_for(desk, "Applied: the network does what is wanted")
    assert radius_router.told == [("disconnect", "ann-home")]
    assert not radius_router.sessions


def wait_for(desk, text):
    """Load the page until it says ``text``, as the message tells staff to."""
    found = desk.get_by_text(text)
    for _ in range(50):
        desk.reload()
        if found.count():
            return
    raise AssertionError(f"the page does not say “{text}”")


def test_apply_again_is_pending_and_then_applied(desk_of, ann, radius_router):  # noqa: F811
    for day, down in enumerate((310, 1240, 2080, 640, 0, 1910, 734), start=1):
        UsageDay.objects.create(
            subscription=ann, day=timezone.localdate() - timedelta(days=8 - day), download_bytes=down * MEGABYTE
        )
    desk = desk_of("technician", ann)
    with delivering():
        wait_for(desk, "Applied: the network does what is wanted")
    choose(desk, "Apply again")
    desk.get_by_role("button", name="Apply again").dblclick()
    desk.get_by_text("is brought to the routers once more").wait_for()
    desk.get_by_text("Pending: it waits to be applied since").wait_for()
    with delivering():
        wait_for(desk, "Applied: the network does what is wanted")
    picture(desk, "network-of-a-subscription")
    assert radius_router.told == []
    assert list(radius_router.sessions), "who runs under what is wanted is not disturbed"


def test_passwords_are_shown_to_who_may_see_them(desk_of, ann):
    known = accounts.password_of(ann)
    desk = desk_of("cashier", ann)
    assert desk.locator("[x-ref=actionDropdown] > a").filter(has_text="Network").count() == 0
    desk = desk_of("technician", ann)
    assert desk.locator("a[href$='/show-password/']").count() == 0
    choose(desk, "New password")
    desk.get_by_role("button", name="New password").click()
    desk.get_by_text("It is not shown again").wait_for()
    password = accounts.password_of(ann)
    assert password != known
    assert desk.get_by_text(password, exact=True).is_visible()
    assert list(findings(desk, "password")) == []
    desk = desk_of("manager", ann)
    assert password not in desk.content()
    assert desk.locator("a[href$='/show-password/']").count() > 0
    choose(desk, "Show password")
    desk.get_by_role("button", name="Show password").click()
    desk.get_by_text(password, exact=True).wait_for()


@pytest.mark.parametrize(("role", "sees"), [("manager", True), ("technician", False)])
def test_the_script_for_a_mikrotik_has_the_secret_for_who_may_see_it(desk_of, router, role, sees):  # noqa: F811
    Router.objects.update(name="North tower", address="192.0.2.17", coa_port=3799)
    desk = desk_of(role, router)
    desk.get_by_role("link", name="Router script").click()
    desk.get_by_label("RADIUS server").fill("198.51.100.10")
    desk.get_by_label("Web server of the garden page").fill("198.51.100")
    desk.get_by_role("button", name="Router script").click()
    desk.get_by_text("Enter a valid IPv4 address.").wait_for()
    desk.get_by_label("Web server of the garden page").fill("198.51.100.20")
    desk.get_by_role("button", name="Router script").click()
    script = desk.locator("pre").inner_text()
    assert "/radius add service=ppp,hotspot address=198.51.100.10" in script
    assert (SECRET.decode() in script, "PUT-THE-RADIUS-SECRET-HERE" in script) == (sees, not sees)
    assert list(findings(desk, "script")) == []
    if not sees:
        picture(desk, "router-script")


@pytest.fixture
def busy(router, ann, radius_router):  # noqa: F811
    """The router with sessions, changes that wait and what differs on it."""
    plan, now = plan_of_ann(), timezone.now()
    for number, name in enumerate(("bob-shop", "cleo.flat4", "dan-office"), start=8):
        one = subscriber(login=name, plan=plan, customer=make_customer(name=name))
        log_in(one, router, radius_router, **carried(97 * number, 13 * number), framed_address=f"100.64.0.{number}")
    switch(one, False)
    NetworkFinding.objects.create(
        router=router, kind="unknown-login", login="old-login", detail="Online, and no subscription has this login.",
        first_seen_at=now, last_seen_at=now,
    )  # fmt: skip
    intents.request(ann.pk, reason="again", now=now)
    RouterState.objects.update_or_create(router=router, defaults={"last_contact_at": now})
    return router


def test_the_page_of_a_router_is_read_in_the_dark_and_on_a_phone(desk_of, busy):
    desk = desk_of("manager", busy)
    for heading in ("Contact", "Open sessions", "Waiting changes", "Findings"):
        desk.get_by_role("heading", name=heading).first.wait_for()
    picture(desk, "router")
    desk.emulate_media(color_scheme="dark")
    desk.reload()
    assert desk.evaluate("document.documentElement.classList.contains('dark')")
    assert list(findings(desk, "router")) == []


ADDRESS, OTHER = "100.64.0.7", "100.64.0.8"


@pytest.fixture
def phone_at(page, live_server, settings):  # noqa: F811
    """The garden page on a phone whose address the proxy tells."""
    settings.PROXY_COUNT, settings.COMPANY_NAME = 1, "Green Valley Net"
    settings.PAYMENT_QR, settings.PAYMENT_ACCOUNT = "text", "DE02 1203 0000 0000 2020 51"

    def phone_at(address):
        context = page.context.browser.new_context(
            viewport=PHONE, is_mobile=True, has_touch=True, extra_http_headers={"X-Forwarded-For": address}
        )
        tab = context.new_page()
        assert tab.goto(f"{live_server.url}/garden/").status == 200
        return tab

    return phone_at


def test_the_garden_tells_a_phone_what_is_owed_and_names_nobody_to_another(phone_at, router):  # noqa: F811
    cut = unpaid(router)
    phone = phone_at(ADDRESS)
    phone.get_by_text("Your internet access is limited because of unpaid bills").wait_for()
    for told in (cut.customer.code, "$20.00", "DE02 1203 0000 0000 2020 51"):
        assert phone.get_by_text(told).first.is_visible()
    assert phone.locator(".code img").is_visible()
    assert "Ann Lee" not in phone.content()
    assert list(findings(phone, "garden")) == []
    picture(phone, "garden", size=PHONE)
    stranger = phone_at(OTHER)
    stranger.get_by_text("Nothing is owed for the line that you use").wait_for()
    assert cut.customer.code not in stranger.content()
    assert list(findings(stranger, "garden of nobody")) == []


def unpaid(router):  # noqa: F811
    cut = make_overdue_subscription(login="ann-home", customer=make_customer(name="Ann Lee"))
    sweep.disable_due(now=timezone.now(), limit=10)
    now = timezone.now()
    OnlineSession.objects.create(
        subscription=cut, login="ann-home", router=router, unique_id="u1", session_id="s1", framed_address=ADDRESS,
        started_at=now, updated_at=now,
    )  # fmt: skip
    return cut
