"""Routers, sessions and credentials on the staff's pages: secrets are shown to who may, and noted."""

import pytest

from billing.models import AuditEntry, NetworkAccount, NetworkIntent, OnlineSession, Router
from billing.services.network import accounts, intents, mikrotik, sealing
from tests.builders import make_subscription
from tests.faces.conftest import list_url, shown_messages, text_of, url
from tests.faces.desk import act, errors_of
from tests.services.network.situations import SECRET, account, make_online_subscription, make_router

VALUES = {"name": "North", "kind": "radius", "address": "192.0.2.9", "coa_port": 3799, "window": 32, "is_active": "on"}
REST = {"kind": "routeros", "rest_url": "https://192.0.2.9/rest", "rest_user": "billing"}
FINGERPRINT = ":".join(["AB"] * 32)
ADD = "/admin/billing/router/add/"


def said():
    return list(AuditEntry.objects.filter(kind="action").order_by("id").values_list("said", flat=True))


def all_of_the_audit():
    return str(list(AuditEntry.objects.values()))


def test_a_router_gets_a_secret_that_is_sealed_and_not_shown(admin_client):
    page = text_of(admin_client.post(ADD, VALUES, follow=True))
    router = Router.objects.get()
    secret = sealing.unseal(router.secret_sealed)
    assert len(secret) >= 32
    assert secret not in page + text_of(admin_client.get(url(router))) + all_of_the_audit()


def test_a_secret_that_is_entered_is_taken_and_an_empty_one_leaves_it(admin_client):
    admin_client.post(ADD, {**VALUES, "secret": "entered-by-staff"})
    router = Router.objects.get()
    admin_client.post(url(router), {**VALUES, "name": "South", "secret": ""})
    router.refresh_from_db()
    assert (router.name, sealing.unseal(router.secret_sealed)) == ("South", "entered-by-staff")
    assert "entered-by-staff" not in all_of_the_audit()


def test_without_a_key_nothing_is_sealed_and_the_form_says_why(admin_client, settings):
    settings.NETWORK_KEY = ""
    assert "NETWORK_KEY" in text_of(admin_client.post(ADD, VALUES))
    assert not Router.objects.exists()
    admin_client.post(ADD, {**VALUES, "kind": "dry-run"})
    assert Router.objects.get().secret_sealed is None


def test_routeros_needs_all_of_what_rest_needs(admin_client):
    page = text_of(admin_client.post(ADD, {**VALUES, "kind": "routeros"}))
    for needed in ("where the router", "a user of the router", "fingerprint of the router", "password of that user"):
        assert needed in page
    admin_client.post(ADD, {**VALUES, **REST, "rest_password": "pw-of-rest", "certificate_sha256": FINGERPRINT})
    assert Router.objects.get().certificate_sha256 == "ab" * 32


def test_the_password_of_rest_is_entered_anew_for_another_address(admin_client):
    """Otherwise who may not see it had it sent to a machine of theirs."""
    values = {**VALUES, **REST, "certificate_sha256": FINGERPRINT}
    admin_client.post(ADD, {**values, "rest_password": "pw-of-rest"})
    router = Router.objects.get()
    admin_client.post(url(router), {**values, "name": "South"})
    elsewhere = {**values, "rest_url": "https://198.51.100.66/rest"}
    assert "password of that user" in text_of(admin_client.post(url(router), elsewhere))
    router.refresh_from_db()
    assert (router.name, router.rest_url) == ("South", REST["rest_url"])
    admin_client.post(url(router), {**elsewhere, "rest_password": "pw-of-rest"})
    router.refresh_from_db()
    assert router.rest_url == elsewhere["rest_url"]


def test_a_password_in_the_address_of_rest_is_refused_and_not_kept_in_clear(admin_client):
    values = {**VALUES, **REST, "certificate_sha256": FINGERPRINT, "rest_password": "pw-of-rest"}
    page = text_of(admin_client.post(ADD, {**values, "rest_url": "https://billing:pw-of-rest@192.0.2.9/rest"}))
    assert "where the router" in page
    assert not Router.objects.exists()
    assert "pw-of-rest" not in all_of_the_audit()


def test_secrets_are_shown_after_a_click_that_the_audit_notes(admin_client, staff):
    router = make_router()
    assert SECRET not in text_of(admin_client.get(url(router, "show_secrets")))
    answer = admin_client.post(url(router, "show_secrets"))
    assert SECRET in text_of(answer)
    assert "no-store" in answer["Cache-Control"]
    assert said() == ["Show secrets: seen in clear."]
    without = staff("view_router", "change_router")
    assert without.post(url(router, "show_secrets")).status_code == 403


def test_a_new_secret_is_in_force_and_shown(admin_client):
    router = make_router()
    page = text_of(admin_client.post(url(router, "new_secret")))
    router.refresh_from_db()
    secret = sealing.unseal(router.secret_sealed)
    assert secret != SECRET
    assert secret in page
    assert secret not in all_of_the_audit()


def test_only_who_may_change_routers_gives_a_new_secret(staff):
    router = make_router()
    before, sees = bytes(router.secret_sealed), staff("view_router", "see_network_secrets")
    assert sees.post(url(router, "show_secrets")).status_code == 200
    assert url(router, "new_secret") not in text_of(sees.get(url(router)))
    assert sees.post(url(router, "new_secret")).status_code == 403
    assert staff("view_router", "change_router").post(url(router, "new_secret")).status_code == 403
    router.refresh_from_db()
    assert bytes(router.secret_sealed) == before
    may = staff("view_router", "change_router", "see_network_secrets")
    assert url(router, "new_secret") in text_of(may.get(url(router)))
    assert may.post(url(router, "new_secret")).status_code == 200
    assert said() == ["Show secrets: seen in clear.", "New secret: generated, and seen in clear."]


def test_a_secret_that_is_entered_is_noted_without_it(admin_client):
    router = make_router(**{name: VALUES[name] for name in ("name", "address")})
    admin_client.post(url(router), {**VALUES, "secret": "entered-by-staff"})
    noted = AuditEntry.objects.filter(object_type="billing.router", kind="changed").latest("id")
    assert (noted.after["secret_sealed"], noted.actor.username) == ("(hidden)", "admin")


def test_secrets_leave_in_no_file(admin_client):
    router = make_router()
    text = b"".join(admin_client.get(list_url(Router, "export/")).streaming_content).decode()
    assert router.name in text
    assert "sealed" not in text


def test_a_router_that_does_not_answer_is_told(admin_client):
    router = make_router(address="127.0.0.1", coa_port=9)
    answer = admin_client.post(url(router, "test_connection"))
    assert "The test failed" in errors_of(answer)
    dry = make_router(kind="dry-run")
    assert "answers" in shown_messages(admin_client.post(url(dry, "test_connection"), follow=True))


def test_a_router_with_sessions_or_accounts_is_kept(admin_client):
    router, subscription = make_router(), make_online_subscription()
    account(unique_id="u1", login=subscription.login, router=router.address)
    answer = admin_client.post(url(router, "delete"), {"post": "yes"}, follow=True)
    assert "has sessions and cannot be deleted" in shown_messages(answer)
    unused = make_router()
    admin_client.post(url(unused, "delete"), {"post": "yes"})
    assert list(Router.objects.all()) == [router]


def test_the_page_of_a_router_shows_its_sessions_and_what_waits(admin_client):
    router, subscription = make_router(name="North"), make_online_subscription(login="ann-home")
    account(unique_id="u1", login="ann-home", router=router.address, framed="10.0.0.77")
    admin_client.post(url(subscription, "apply_again"))
    page = text_of(admin_client.get(url(router)))
    assert "10.0.0.77" in page
    assert "Waiting changes" in page
    shown = admin_client.get(list_url(Router)).context["cl"].result_list[0]
    assert (shown.session_count, shown.backlog_count) == (1, 1)


ADDRESSES = {"radius": "198.51.100.1", "portal": "198.51.100.2"}


def test_the_script_has_the_secret_for_who_may_see_it_only(admin_client, staff):
    router = make_router(address="192.0.2.99")
    script = text_of(admin_client.post(url(router, "router_script"), ADDRESSES))
    for part in (SECRET, "192.0.2.99", *ADDRESSES.values(), "port=3799", "interim-update=300s"):
        assert part in script
    for_others = text_of(staff("view_router").post(url(router, "router_script"), ADDRESSES))
    assert SECRET not in for_others
    assert "PUT-THE-RADIUS-SECRET-HERE" in for_others
    assert said() == ["Router script: made with the secret.", "Router script: made without the secret."]


def test_a_router_with_an_ipv6_address_gets_no_script_with_an_ipv4_server(admin_client):
    router = make_router(address="2001:db8::7")
    page = text_of(admin_client.post(url(router, "router_script"), ADDRESSES))
    assert "2001:db8::7, which is no IPv4 address like 198.51.100.1" in page
    assert "/radius add" not in page and SECRET not in page and said() == []


def test_nothing_in_a_name_or_secret_gets_out_of_its_place_in_the_script():
    router = make_router(name="North\n/user remove admin")
    text = mikrotik.script(router, radius="198.51.100.1", portal="198.51.100.2", secret='a"; /user add $x \\ ?')
    assert r'secret="a\"; /user add \$x \\ \?"' in text
    assert not [line for line in text.splitlines() if line.startswith("/user")]


def test_the_rules_of_the_script_come_first_among_those_that_can_be_moved():
    """RouterOS refuses a place before rules of its own, such as the first one of FastTrack and those of a hotspot."""
    moves = [line for line in mikrotik.script(make_router(), **ADDRESSES).splitlines() if " move " in line]
    assert len(moves) == 2
    assert all(line.endswith("destination=[:pick [find dynamic=no] 0]") for line in moves)


def test_a_new_password_is_shown_once_and_noted_without_it(admin_client):
    subscription = make_subscription(login="Ann.Home")
    page = text_of(admin_client.post(url(subscription, "new_password")))
    password = accounts.password_of(subscription)
    assert password in page
    assert "ann.home" in page
    assert password in text_of(admin_client.post(url(subscription, "show_password")))
    assert password not in text_of(admin_client.get(url(subscription))) + all_of_the_audit()
    assert said() == ["New password: generated, and seen in clear.", "Show password: seen in clear."]


@pytest.mark.parametrize("login", ["two words", "x' OR 1=1--", "ünal"])
def test_a_login_that_routers_do_not_take_gets_no_password(admin_client, login):
    answer = admin_client.post(url(make_subscription(login=login), "new_password"))
    assert "cannot be used at routers" in errors_of(answer)
    assert not NetworkAccount.objects.exists()


def test_logins_that_are_the_same_to_routers_are_refused(admin_client):
    make_online_subscription(login="ann")
    other = make_subscription()
    type(other).objects.filter(pk=other.pk).update(login="ANN")  # as from before there was a check
    assert "the same to routers" in errors_of(admin_client.post(url(other, "new_password")))


def test_disconnect_ends_each_open_session_by_an_intent(admin_client):
    router, subscription = make_router(), make_online_subscription()
    for unique_id in ("u1", "u2"):
        account(unique_id=unique_id, login=subscription.login, router=router.address)
    assert "2 sessions" in shown_messages(act(admin_client, subscription, "disconnect"))
    assert set(OnlineSession.objects.values_list("policy_class", flat=True)) == {intents.TO_BE_ENDED}
    assert NetworkIntent.objects.get().reason == "disconnect"


def test_an_address_that_is_taken_is_refused(admin_client):
    make_online_subscription(fixed_address="198.51.100.7", login="bob")
    ann = make_online_subscription()
    answer = admin_client.post(url(ann, "place"), {"fixed_address": "198.51.100.7", "router": ""})
    assert "is the address of bob already" in errors_of(answer)


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "127.0.0.1", "224.0.0.5", "169.254.1.1", "255.255.255.254", "::", "::1", "ff02::1", "::ffff:10.0.0.5"],
)
def test_an_address_that_no_subscriber_can_have_is_refused(admin_client, address):
    """Some of them mean to routers that they choose one themselves (RFC 2865)."""
    ann = make_online_subscription()
    answer = admin_client.post(url(ann, "place"), {"fixed_address": address, "router": ""})
    assert "no address that a subscriber can have" in errors_of(answer)
    assert NetworkAccount.objects.get().fixed_address is None


@pytest.mark.parametrize("address", ["10.0.0.5", "100.64.0.5", "203.0.113.5", "2001:db8::5", "fd00::5"])
def test_an_address_that_a_subscriber_can_have_is_taken(admin_client, address):
    admin_client.post(url(make_online_subscription(), "place"), {"fixed_address": address, "router": ""})
    assert NetworkAccount.objects.get().fixed_address == address
