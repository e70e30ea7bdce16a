"""Every page of the admin in a real browser: by axe-core in light and dark, as wide as a phone, with its scripts."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from billing.services.reports import counting
from tests.e2e.test_browser import page  # noqa: F401  # a fixture
from tests.faces.test_every_page_of_every_role import of_actions, of_our_own, of_the_lists, what_routers_report

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}
NOT_A_PAGE = {
    "admin:autocomplete",
    "admin:jsi18n",
    "counter_matches",
    "admin:billing_customer_by_code",
    "admin:search",
    "import_errors",
}
EVERY_DAY = {  # judged with each change; the others with the heavy tests
    "admin:index",
    "admin:login",
    "counter",
    "who_will_be_cut",
    "admin:billing_customer_changelist",
    "admin:billing_customer_change",
    "admin:billing_customer_receive_payment",
    "admin:billing_subscription_change",
}
OPTIONS = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]}
GRAVE = {"serious", "critical"}


def wider_than_the_window(tab):
    """How many pixels of the page hang over to the right."""
    return tab.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


@pytest.fixture
def owner_page(page, live_server):  # noqa: F811
    """The page of somebody who may do everything, signed in already."""
    client = Client()
    client.force_login(User.objects.create_superuser("the-owner"))
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])
    return page


def findings(tab, name):
    """What is grave on the page that ``tab`` shows, in words."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    for scheme in ("light", "dark"):
        tab.evaluate("dark => document.documentElement.classList.toggle('dark', dark)", scheme == "dark")
        for found in axe.run(tab, options=OPTIONS).response["violations"]:
            if found["impact"] in GRAVE:
                places = "; ".join(node["html"][:200] for node in found["nodes"][:3])
                yield f"{name} ({scheme}): {found['id']}: {found['help']}: {places}"
    tab.set_viewport_size(PHONE)
    if over := wider_than_the_window(tab):
        yield f"{name}: {over} pixels too wide for a phone"
    tab.set_viewport_size(DESKTOP)


def errors_of_scripts(tab):
    """A list that fills with what the scripts of the pages throw."""
    thrown = []
    tab.on("pageerror", lambda error: thrown.append(error.message))
    return thrown


def judged(tab, live_server, wanted):
    what_routers_report()
    counting.refresh(now=timezone.now())
    thrown = errors_of_scripts(tab)
    pages = {name: address for name, address, _ in [*of_actions(), *of_our_own(), *of_the_lists()]}
    assert pages.keys() >= EVERY_DAY
    all_pages = {name for name in pages.keys() - NOT_A_PAGE if not name.endswith("_export")}
    for name in sorted(pages.keys() & wanted if wanted else all_pages):
        answer = tab.goto(live_server.url + pages[name])
        if answer.status == 200 and "text/html" in answer.headers["content-type"]:
            yield from findings(tab, name)
        yield from (f"{name}: a script failed: {error}" for error in thrown)
        thrown.clear()


def test_the_pages_of_every_day_have_no_grave_fault(owner_page, live_server):
    found = list(judged(owner_page, live_server, EVERY_DAY))
    assert not found, "\n".join(found)


@pytest.mark.heavy
@pytest.mark.timeout(1200)
def test_no_page_has_a_grave_fault(owner_page, live_server):
    found = list(judged(owner_page, live_server, None))
    assert not found, "\n".join(found)


def test_control_a_picture_without_a_name_is_found(owner_page, live_server):
    owner_page.goto(f"{live_server.url}/admin/")
    owner_page.evaluate("document.body.append(document.createElement('img'))")
    assert any("image-alt" in found for found in findings(owner_page, "home"))


def test_control_a_script_that_fails_is_found(owner_page, live_server):
    thrown = errors_of_scripts(owner_page)
    owner_page.goto(f"{live_server.url}/admin/")
    with owner_page.expect_event("pageerror"):
        owner_page.evaluate("setTimeout(() => { throw new Error('spoiled') })")
    assert thrown == ["spoiled"]
