"""Sessions and use from accounting packets in any order, doubled, late, lost or wrong (rule N1, decision 43)."""

from datetime import UTC, datetime, timedelta
from itertools import permutations
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from billing.models import (
    NetworkFinding,
    OnlineSession,
    RouterState,
    SessionRecord,
    UsageDay,
)
from billing.services.network import policy
from tests.services.network.accounting.conftest import START
from tests.services.network.situations import account, asked, make_online_subscription, make_router, policy_of

pytestmark = pytest.mark.django_db


def used():
    return [(row.download_bytes, row.upload_bytes) for row in UsageDay.objects.order_by("day")]


def test_a_session_from_its_start_to_its_stop(tell, subscription, router):
    assert tell("Start")
    session = OnlineSession.objects.get()
    assert (session.subscription, session.router, session.login) == (subscription, router, subscription.login)
    assert (session.framed_address, session.started_at) == ("10.0.0.5", START)
    assert session.policy_class == policy_of(subscription)["class"]
    assert tell("Interim-Update", 300, down=1000, up=100) and tell("Interim-Update", 600, down=5000, up=300)
    assert tell("Stop", 700, down=6000, up=400, cause="User-Request")
    record = SessionRecord.objects.get()
    assert not OnlineSession.objects.exists()
    assert (record.download_bytes, record.upload_bytes, record.session_seconds) == (6000, 400, 700)
    assert (record.started_at, record.stopped_at) == (START, START + timedelta(seconds=700))
    assert record.cause == "User-Request" and used() == [(6000, 400)]
    assert RouterState.objects.get(router=router).last_contact_at is not None


PACKETS = {
    "start": ("Start", 0, {}),
    "first": ("Interim-Update", 300, {"down": 1000, "up": 100}),
    "second": ("Interim-Update", 600, {"down": 5000, "up": 300}),
    "stop": ("Stop", 900, {"down": 6000, "up": 400, "cause": "User-Request"}),
}


@pytest.mark.parametrize("order", list(permutations(PACKETS)), ids=" ".join)
def test_in_any_order_and_doubled_the_end_is_the_same(tell, order):
    for name in [*order, *order]:
        kind, seconds, packet = PACKETS[name]
        assert tell(kind, seconds, **packet)
    record = SessionRecord.objects.get()
    assert not OnlineSession.objects.exists() and used() == [(6000, 400)]
    assert (record.download_bytes, record.session_seconds, record.cause) == (6000, 900, "User-Request")
    assert record.started_at == START and record.stopped_at == START + timedelta(seconds=900)


@pytest.mark.parametrize("lost", PACKETS)
def test_one_packet_that_got_lost_loses_no_bytes(tell, lost):
    for name, (kind, seconds, packet) in PACKETS.items():
        if name != lost:
            tell(kind, seconds, **packet)
    assert used() == [(6000, 400) if lost != "stop" else (5000, 300)]
    assert OnlineSession.objects.count() == (lost == "stop")


@pytest.mark.parametrize("kind", ["Interim-Update", "Stop"])
def test_what_was_used_long_before_a_session_was_heard_of_is_not_counted(tell, kind):
    """It began while the router told another server, or under another address: nobody's quota is used up by that."""
    tell("Interim-Update", 2400, down=10**9, up=5)
    assert OnlineSession.objects.get().download_bytes == 10**9 and used() == []
    tell(kind, 2700, down=10**9 + 7, up=5)
    assert used() == [(7, 0)]


def test_a_counter_that_cannot_be_is_told_also_when_it_is_the_first_that_is_heard(tell):
    tell("Interim-Update", 2400, down=1, output_gigawords=90000)
    assert NetworkFinding.objects.get().kind == "wrong-counter"
    tell("Interim-Update", 2700, down=1000)
    assert used() == [(1000, 0)]


def test_gigawords_are_counted(tell):
    tell("Start")
    tell("Interim-Update", 3000, down=5, output_gigawords=3, up=7, input_gigawords=1)
    assert used() == [(3 * 2**32 + 5, 2**32 + 7)]


def test_a_counter_without_gigawords_that_wraps_counts_on_and_never_back(tell):
    tell("Start")
    tell("Interim-Update", 300, down=2**32 - 100)
    tell("Interim-Update", 600, down=900)
    assert used() == [(2**32 - 100 + 900, 0)]
    tell("Interim-Update", 400, down=2**31)  # late: it lies before
    assert used()[0][0] >= 2**32 - 100 + 900


WRONG = [
    {"down": "-5"}, {"down": "many"}, {"down": "9" * 30}, {"up": "1.5"}, {"down": 1, "output_gigawords": "-1"},
    {"down": 1, "output_gigawords": 4294967295}, {"down": 1, "output_gigawords": 9000},
]  # fmt: skip


@pytest.mark.parametrize("packet", WRONG, ids=str)
def test_a_counter_that_cannot_be_is_not_counted_and_told_once(tell, router, subscription, packet):
    tell("Start")
    tell("Interim-Update", 300, down=1000, up=100)
    for seconds in (600, 900):
        assert tell("Interim-Update", seconds, **packet)
    finding = NetworkFinding.objects.get()
    assert (finding.kind, finding.router, finding.login) == ("wrong-counter", router, subscription.login)
    tell("Stop", 1200, down=3000, up=200)
    assert used() == [(3000, 200)]


@pytest.mark.parametrize(
    "packet",
    [
        {"framed": "everywhere"}, {"nas": "no address"}, {"at_epoch": "now"}, {"at_epoch": "-1"},
        {"at_epoch": "99999999999999"}, {"seconds": "-7"}, {"seconds": "9" * 15}, {"calling_station": "x" * 300},
        {"class": "y" * 300}, {"session_id": "z" * 300}, {"cause": "'; DROP TABLE billing_router; --" * 9},
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.parametrize("kind", ["Start", "Interim-Update", "Stop"])
def test_fields_that_make_no_sense_are_contained(tell, kind, packet):
    assert tell(kind, **packet)
    assert OnlineSession.objects.count() + SessionRecord.objects.count() == 1


def test_what_is_no_packet_of_a_session_is_not_taken(tell):
    assert not tell("Failed") and not tell("Start", unique_id="") and not tell("Start", router="203.0.113.9")
    assert not OnlineSession.objects.exists()


def test_an_inactive_router_is_not_heard(tell, router):
    type(router).objects.update(is_active=False)
    assert not tell("Start") and not OnlineSession.objects.exists()


def test_midnight_divides_the_days(tell, settings):
    settings.TIME_ZONE = "Etc/GMT+12"
    policy.follow()
    midnight = timezone.now().astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
    midnight -= timedelta(days=midnight > timezone.now())  # 12:00 in UTC is 0:00 there, and at most a day ago
    midnight = max(midnight, timezone.now() - timedelta(hours=23))
    start = int(midnight.timestamp()) - 600
    for seconds, down in [(0, 0), (300, 1000), (900, 4000)]:
        tell("Interim-Update" if seconds else "Start", seconds, down=down, at_epoch=start + seconds)
    assert sum(down for down, _ in used()) == 4000
    first = datetime.fromtimestamp(start + 300, UTC) - timedelta(hours=12)
    assert UsageDay.objects.order_by("day").first().day == first.date()


@pytest.mark.parametrize(
    ("zone", "first", "last"),
    [
        ("America/New_York", "2026-03-08T05:00:00Z", "2026-03-09T03:59:59Z"),  # 23 hours
        ("America/New_York", "2026-11-01T04:00:00Z", "2026-11-02T04:59:59Z"),  # 25 hours
        ("Africa/Cairo", "2026-04-23T22:00:00Z", "2026-04-24T20:59:59Z"),  # it begins at 1:00
        ("Asia/Kathmandu", "2026-05-04T18:15:00Z", "2026-05-05T18:14:59Z"),
    ],
)
def test_a_day_of_use_is_a_local_day_however_long_it_is(subscription, settings, zone, first, last):
    settings.TIME_ZONE = zone
    policy.follow()
    day = datetime.fromisoformat(first).astimezone(ZoneInfo(zone)).date()
    for instant in (datetime.fromisoformat(first), datetime.fromisoformat(last)):
        for moment, down in ((instant, 1), (instant + timedelta(seconds=-1 if instant.second == 0 else 1), 10)):
            asked("SELECT radius.count_usage(%s, %s, %s, 0)", subscription.pk, moment, down)
    found = {row.day: row.download_bytes for row in UsageDay.objects.all()}
    assert found == {day - timedelta(days=1): 10, day: 2, day + timedelta(days=1): 10}


def test_late_packets_of_a_session_that_has_ended_open_nothing(tell):
    tell("Start")
    tell("Stop", 300, down=10)
    tell("Start")
    tell("Interim-Update", 200, down=5)
    assert not OnlineSession.objects.exists() and used() == [(10, 0)]


def close(tell, cause="Lost-Interim"):
    tell("Start")
    tell("Interim-Update", 300, down=1000)
    assert asked("SELECT radius.close_session('u1', now(), %s) AS closed", cause) == [{"closed": True}]
    assert asked("SELECT radius.close_session('u1', now(), %s) AS closed", cause) == [{"closed": False}]


def test_a_session_closed_as_lost_is_open_again_when_it_is_heard_of(tell):
    close(tell)
    tell("Interim-Update", 600, down=1500)
    session = OnlineSession.objects.get()
    assert (session.started_at, session.download_bytes) == (START, 1500)
    assert not SessionRecord.objects.exists() and used() == [(1500, 0)]


def test_a_stop_after_it_was_lost_gives_the_true_end(tell):
    close(tell)
    tell("Stop", 600, down=1500, cause="User-Request")
    record = SessionRecord.objects.get()
    assert (record.cause, record.download_bytes, record.session_seconds) == ("User-Request", 1500, 600)


def test_a_late_start_does_not_open_what_was_lost(tell):
    close(tell)
    tell("Start")
    assert not OnlineSession.objects.exists()


def test_a_restart_of_the_router_closes_its_sessions_and_no_others(tell, router, subscription):
    tell("Start")
    tell("Start", unique_id="u2", router=make_router().address)
    at = int(START.timestamp()) + 60
    assert tell("Accounting-On", at_epoch=at, unique_id="")
    assert OnlineSession.objects.get().unique_id == "u2"
    assert SessionRecord.objects.get().cause == "NAS-Reboot"
    tell("Accounting-Off", at_epoch=at, unique_id="")
    tell("Interim-Update", 30, down=5)  # was under way
    assert OnlineSession.objects.count() == SessionRecord.objects.count() == 1


@pytest.mark.parametrize("kind", ["Interim-Update", "Stop"])
def test_a_session_that_is_heard_of_after_the_restart_has_gone_on(tell, kind):
    """Only one service of the router began anew, or a packet that could not be delivered came late."""
    tell("Start")
    tell("Interim-Update", 300, down=1000)
    tell("Accounting-On", at_epoch=int(START.timestamp()) + 600, unique_id="")
    assert SessionRecord.objects.get().cause == "NAS-Reboot"
    tell(kind, 900, down=1500, cause="User-Request" if kind == "Stop" else "")
    assert used() == [(1500, 0)]
    found = OnlineSession.objects if kind == "Interim-Update" else SessionRecord.objects.filter(cause="User-Request")
    assert (found.get().started_at, found.get().session_seconds) == (START, 900)
    assert OnlineSession.objects.count() + SessionRecord.objects.count() == 1


def test_sessions_that_began_after_the_restart_stay(tell):
    tell("Start")
    tell("Accounting-On", at_epoch=int(START.timestamp()) - 60, unique_id="")
    assert OnlineSession.objects.count() == 1


def test_an_id_that_is_given_again_is_another_session(tell):
    tell("Start")
    tell("Stop", 300, down=1000)
    again = int(START.timestamp()) + 1200
    tell("Start", at_epoch=again)
    tell("Interim-Update", 60, at_epoch=again + 60, down=50)
    assert OnlineSession.objects.get().download_bytes == 50 and used() == [(1050, 0)]
    # and without a stop: what was open is closed as lost
    tell("Interim-Update", 10, at_epoch=again + 900, down=7)
    assert SessionRecord.objects.filter(cause="Lost-Id-Used-Again", download_bytes=50).exists()
    assert OnlineSession.objects.get().download_bytes == 7 and used() == [(1057, 0)]


def test_a_clock_of_the_router_that_is_set_right_makes_no_other_session(tell):
    tell("Start")
    tell("Interim-Update", 300, down=1000)
    tell("Interim-Update", 600, down=1500, at_epoch=int(START.timestamp()) + 2400)
    assert OnlineSession.objects.get().download_bytes == 1500 and used() == [(1500, 0)]


def test_an_unknown_login_is_kept_and_counts_for_nobody(tell):
    tell("Start", login="stranger")
    tell("Interim-Update", 300, login="stranger", down=1000)
    assert OnlineSession.objects.get().subscription is None and used() == []


@pytest.mark.parametrize("login", ["ann", "Ann", "ANN"])
def test_logins_in_upper_case_are_the_same(router, login):
    subscription = make_online_subscription(login="Ann")
    for number in (1, 2):  # the second time the id is given again, long after
        at = int(START.timestamp()) + 1200 * number
        account(login=login, router=router.address, at_epoch=at, **{"class": ""})
        assert (OnlineSession.objects.get().subscription, OnlineSession.objects.get().login) == (subscription, login)
    assert SessionRecord.objects.get().subscription == subscription
