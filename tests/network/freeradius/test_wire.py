"""What comes over the wire to real FreeRADIUS: signatures, secrets, odd logins, accounting (rules N1, N3)."""

import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from billing.models import (
    AccessState,
    LoginAttempt,
    OnlineSession,
    Router,
    SessionRecord,
    UsageDay,
)
from billing.services.network import sealing
from tests.jobs.notes import until
from tests.network.freeradius import nas
from tests.network.freeradius.conftest import HOME
from tests.network.freeradius.nas import Nas
from tests.services.network.situations import PASSWORD, SECRET, make_online_subscription, make_router

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("settled")]

HOWS = ["pap", "chap", "ms-chap2"]


def test_each_answer_is_signed(router):
    subscription = make_online_subscription()
    for password in (PASSWORD, "wrong"):
        answer = router.sign_in(subscription.login, password)
        assert len(answer.attributes["Message-Authenticator"]) == 16  # the router has verified it


def test_a_request_without_a_signature_is_dropped_unless_its_router_may(router, server):
    subscription = make_online_subscription()
    assert router.sign_in(subscription.login, PASSWORD, signs=False, seconds=nas.SILENCE) is None
    make_router(address="127.0.3.2", requires_message_authenticator=False)
    old = Nas(server, address="127.0.3.2", secret=SECRET)
    assert old.sign_in(subscription.login, PASSWORD, signs=False).is_accepted


def test_an_unknown_router_a_wrong_secret_and_an_inactive_router_hear_nothing(router, server):
    subscription = make_online_subscription()
    make_router(address="127.0.3.4", is_active=False)
    unknown, inactive = (Nas(server, address=address, secret=SECRET) for address in ("127.0.3.9", "127.0.3.4"))
    for one, options in ((unknown, {}), (router, {"secret": "another-secret"}), (inactive, {})):
        assert one.sign_in(subscription.login, PASSWORD, seconds=nas.SILENCE, **options) is None
    assert not LoginAttempt.objects.exists()


def test_each_sign_in_is_noted_once_and_with_its_reason(router):
    """Refusals are noted with the answer, and what the password decides after it."""
    on, off = make_online_subscription(), make_online_subscription()
    AccessState.objects.filter(pk=off.pk).update(is_on=False)
    for subscription, password in ((on, PASSWORD), (on, "wrong"), (off, PASSWORD), (off, "wrong")):
        router.sign_in(subscription.login, password)
    router.sign_in("nobody", PASSWORD)
    router.sign_in("'odd", PASSWORD)
    noted = LoginAttempt.objects.values_list("login", "result", "reason", "count")
    assert set(noted) == {
        (on.login, "accepted", "", 1),
        (on.login, "refused", "wrong password", 1),
        (off.login, "refused", "off", 2),
        (f"?{HOME}", "refused", "unknown login", 2),
    }


@pytest.mark.parametrize(
    "station", ["it's", "'); DROP TABLE billing_router; --", "%{User-Password}", "é \\", "x" * 200]
)
def test_odd_stations_are_noted_and_change_no_answer(router, monkeypatch, station):
    subscription = make_online_subscription()
    monkeypatch.setattr(nas, "STATION", station.encode())
    assert router.sign_in(subscription.login, PASSWORD).is_accepted
    assert router.sign_in("nobody", PASSWORD).code == nas.REJECT
    assert {one.result for one in LoginAttempt.objects.all()} == {"accepted", "refused"}
    assert not LoginAttempt.objects.filter(calling_station__contains="'").exists()


def test_an_unknown_router_that_insists_is_logged_once_a_second_and_disturbs_nobody(router, server):
    subscription = make_online_subscription()
    stranger = Nas(server, address="127.0.3.8", secret=SECRET)
    began = time.monotonic()
    for _ in range(30):
        assert stranger.sign_in(subscription.login, PASSWORD, seconds=0.01) is None
        assert router.sign_in(subscription.login, PASSWORD).is_accepted
    told = [line for line in server.log.splitlines() if "127.0.3.8" in line]
    assert 1 <= len(told) <= time.monotonic() - began + 2
    assert all("unknown client" in line for line in told)
    assert not LoginAttempt.objects.filter(router_address="127.0.3.8").exists()


def test_a_new_router_and_a_new_secret_work_without_a_restart(server):
    subscription = make_online_subscription()
    new = Nas(server, address="127.0.3.5", secret=SECRET)
    assert new.sign_in(subscription.login, PASSWORD, seconds=nas.SILENCE) is None
    router = make_router(address="127.0.3.5")
    until(lambda: new.sign_in(subscription.login, PASSWORD, seconds=nas.SILENCE))
    Router.objects.filter(pk=router.pk).update(secret_sealed=sealing.seal("the-new-secret"))
    until(lambda: new.sign_in(subscription.login, PASSWORD, secret="the-new-secret", seconds=0.3))


SECRETS = [
    "it's",
    'say "hi"',
    "100%{User-Name}",
    "back\\slash",
    "with space",
    "$ENV{PATH}",
    "ümlaut",
    "x" * 128,
    "'; --",
]


@pytest.mark.parametrize("secret", SECRETS)
def test_odd_secrets_of_routers_are_taken_as_they_are(server, secret):
    subscription = make_online_subscription()
    address = f"127.0.5.{SECRETS.index(secret) + 1}"
    make_router(address=address, secret_sealed=sealing.seal(secret))
    assert Nas(server, address=address, secret=secret).sign_in(subscription.login, PASSWORD).is_accepted


def test_many_routers_that_come_at_once_are_all_answered(server):
    subscription = make_online_subscription()
    addresses = [f"127.0.4.{number}" for number in range(1, 21)]
    for address in addresses:
        make_router(address=address)
    answers = {}

    def ask(address):
        answers[address] = Nas(server, address=address, secret=SECRET).sign_in(subscription.login, PASSWORD)

    threads = [threading.Thread(target=ask, args=[address]) for address in addresses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(answers[address] for address in addresses), {a for a in addresses if not answers[a]}


ODD = [
    "ann lee", "Ann'", 'a"b', "x' OR '1'='1", "'; DROP TABLE billing_router; --", "a`id`", "%{User-Name}", "é", "a/b",
    "\\", "x" * 65, "a\nb", "-" * 64, "@", "..", "$(id)", "NULL",
]  # fmt: skip


@pytest.mark.parametrize("login", ODD)
def test_odd_logins_are_refused_and_fill_no_table(router, login):
    make_online_subscription()
    assert router.sign_in(login, PASSWORD).code == nas.REJECT
    attempt = LoginAttempt.objects.get()
    assert (attempt.login, attempt.reason) == (f"?{HOME}", "unknown login")
    assert router.sign_in(login + "x", PASSWORD).code == nas.REJECT
    assert LoginAttempt.objects.get().count == 2


@pytest.mark.parametrize("login", ["ANN@example.net", "ann@EXAMPLE.net", "Ann@Example.Net"])
@pytest.mark.parametrize("how", HOWS)
def test_upper_case_is_the_same_login(router, login, how):
    make_online_subscription(login="ann@example.net")
    assert router.sign_in(login, PASSWORD, how=how).is_accepted


@pytest.mark.parametrize(
    "password", ["with space", "it's", 'say "hi"', "100%{User-Name}", "back\\slash", "ümlaut", "x" * 64]
)
def test_odd_passwords_are_taken_as_they_are(router, password):
    subscription = make_online_subscription(password=password)
    assert router.sign_in(subscription.login, password).is_accepted
    assert router.sign_in(subscription.login, password, how="chap").is_accepted


def test_a_request_without_a_login_is_no_sign_in(router, server):
    answer = router.ask(nas.ACCESS_REQUEST, [], bytes(16), port=server.auth_port)
    assert answer.code == nas.REJECT


# --- Accounting over the wire ---------------------------------------------------------------
def test_a_session_over_the_wire(router, server):
    subscription = make_online_subscription()
    told = router.sign_in(subscription.login, PASSWORD).attributes
    started = int(timezone.now().timestamp()) - 700
    about = {
        "User_Name": subscription.login.upper(), "Acct_Session_Id": "81000001", "Class": told["Class"],
        "Framed_IP_Address": "10.0.0.5", "Calling_Station_Id": "it's \"odd\" \\ here",
    }  # fmt: skip
    assert router.account(nas.START, **about, Event_Timestamp=started)
    session = OnlineSession.objects.get()
    assert (session.subscription, session.login) == (subscription, subscription.login.upper())
    assert (session.policy_class, session.calling_station) == (told["Class"], "it=27s =22odd=22 =5C here")
    counters = {"Acct_Input_Octets": 5, "Acct_Output_Octets": 7, "Acct_Output_Gigawords": 1}
    for _ in range(2):
        assert router.account(nas.INTERIM, **about, **counters, Acct_Session_Time=300, Event_Timestamp=started + 300)
    assert router.account(
        nas.STOP, **about, **counters, Acct_Session_Time=600, Event_Timestamp=started + 600, Acct_Terminate_Cause=1
    )
    record = SessionRecord.objects.get()
    assert (record.download_bytes, record.upload_bytes, record.cause) == (2**32 + 7, 5, "User-Request")
    used = UsageDay.objects.get()
    assert (used.download_bytes, used.upload_bytes) == (2**32 + 7, 5) and not OnlineSession.objects.exists()


def test_a_start_that_is_sent_again_and_tells_its_delay_begins_when_it_began(router):
    """Of a router that sends no Event-Timestamp."""
    subscription = make_online_subscription()
    about = {"User_Name": subscription.login, "Acct_Session_Id": "1"}
    assert router.account(nas.START, **about, Acct_Delay_Time=400)
    began = OnlineSession.objects.get().started_at
    assert abs(timezone.now() - timedelta(seconds=400) - began) < timedelta(seconds=30)
    assert router.account(nas.START, **about, Acct_Delay_Time=405)
    assert OnlineSession.objects.count() == 1 and not SessionRecord.objects.exists()
    assert router.account(nas.INTERIM, **about, Acct_Session_Time=400)
    assert OnlineSession.objects.get().started_at - began < timedelta(seconds=30)


def test_the_id_and_the_login_of_a_session_are_kept_as_the_router_has_them(router):
    """They are named to the router again when the session is to be ended, and it compares letter by letter."""
    subscription = make_online_subscription()
    session_id = "erx Gig 1/0.7:#7+[x];<9>,(a)&b|*!?^~"
    assert router.account(nas.START, User_Name=subscription.login.title(), Acct_Session_Id=session_id)
    session = OnlineSession.objects.get()
    assert (session.session_id, session.login) == (session_id, subscription.login.title())
    assert session.subscription == subscription


def test_a_restart_of_the_router_over_the_wire(router):
    subscription = make_online_subscription()
    router.account(nas.START, User_Name=subscription.login, Acct_Session_Id="1")
    assert OnlineSession.objects.count() == 1
    assert router.account(nas.ON) and not OnlineSession.objects.exists()


@pytest.mark.parametrize(
    "packet",
    [
        {},
        {"User_Name": "x' OR 1=1 --"},
        {"Acct_Session_Id": "1"},
        {"User_Name": "a", "Acct_Session_Id": "';"},
        {"User_Name": "a", "Acct_Session_Id": "3", "Calling_Station_Id": b"\xff\xfe\xc3 \x01"},
    ],
)
def test_accounting_that_lacks_what_is_required_disturbs_nobody(router, packet):
    assert router.account(nas.START, **packet)  # acknowledged, so that it is not sent for ever
    subscription = make_online_subscription()
    assert router.account(nas.START, User_Name=subscription.login, Acct_Session_Id="2")
    assert OnlineSession.objects.filter(subscription=subscription).count() == 1


# --- Secrets and health ---------------------------------------------------------------------
def test_no_password_and_no_secret_is_in_a_log_or_table(router, server):
    subscription = make_online_subscription(password="needle-in-the-hay")
    router.sign_in(subscription.login, "needle-in-the-hay")
    router.sign_in(subscription.login, "needle-that-is-wrong")
    router.sign_in("needle' or", "needle-that-is-wrong")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(attempt::text, ' ') FROM billing_loginattempt attempt")
        kept = cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(entry::text, ' ') FROM billing_auditentry entry")
        kept += cursor.fetchone()[0]
    sealed = bytes(Router.objects.get().secret_sealed).hex()
    for text in (server.log, kept):
        assert "needle" not in text and SECRET not in text and sealed not in text
        assert settings.NETWORK_KEY not in text and server.password not in text


def test_the_health_check_asks_the_server_itself(server):
    assert server.is_healthy()
