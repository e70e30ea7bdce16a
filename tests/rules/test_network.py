"""Rules N3 to N5: wrong sessions, waits without an end, a router that takes no heed; and data caps."""

from datetime import date, timedelta
from itertools import pairwise

import pytest

from billing.rules import network
from billing.rules.network import GIGABYTE, Cap, Cuts, quota_days
from billing.rules.periods import Interval, Schedule, Unit
from tests.builders import at

NOW = at("2026-03-01T12:00:00")


def test_n5_waits_double_up_to_half_a_minute_and_never_end():
    waits = [network.wait_for_router(failures, chance=0.5).total_seconds() for failures in (1, 2, 3, 4, 5, 6, 10**6)]
    assert waits == [2, 4, 8, 16, 30, 30, 30]


def test_n5_routers_that_fell_together_are_not_asked_together():
    shortest, longest = (network.wait_for_router(6, chance=chance).total_seconds() for chance in (0, 1))
    assert (round(shortest, 6), round(longest, 6)) == (21, 39)
    assert network.wait_after_refusal(chance=0.5) == timedelta(minutes=5)


@pytest.mark.parametrize(
    ("state", "session_class", "is_wrong"),
    [
        ("on", "7:aaaaaaaa-0000", False),
        ("on", "7:bbbbbbbb-0000", True),  # another speed, or the garden
        ("on", "", True),  # nobody knows what it runs under
        ("garden", "7:aaaaaaaa-0000", False),
        ("off", "7:aaaaaaaa-0000", True),  # even under the very class of "off"
    ],
)
def test_n3_a_session_is_wrong_when_it_runs_under_another_policy_or_is_not_to_be(state, session_class, is_wrong):
    found = network.is_wrong(state=state, session_class=session_class, wanted_class="7:aaaaaaaa-0000")
    assert found is is_wrong


def cut(times, state="on", every=timedelta(minutes=1)):
    cuts, now = Cuts(), NOW
    for _ in range(times):
        cuts, now = cuts.after_cut(state, now), now + every
    return cuts


def test_the_flap_guard_leaves_a_subscriber_alone_after_five_cuts_within_an_hour():
    assert cut(4).may_cut("on")
    assert not cut(5).may_cut("on")
    assert not cut(5).may_cut("garden")


def test_five_cuts_over_a_longer_time_are_no_flapping():
    assert cut(50, every=timedelta(minutes=16)).may_cut("on")


def test_who_is_off_is_cut_however_often_he_comes_back():
    assert cut(100, "off").may_cut("off")
    assert cut(5).may_cut("off")
    assert not cut(100, "off").is_held


def test_once_held_it_stays_held():
    held = cut(5)
    later = held.after_cut("off", NOW + timedelta(days=1))
    assert later.is_held
    assert later.count == 1


def test_counts_grow_by_one():
    steps = [cut(times, "off").count for times in range(1, 6)]
    assert all(after == before + 1 for before, after in pairwise(steps))


@pytest.mark.parametrize("over_quota", ["throttle", "garden"])
@pytest.mark.parametrize(
    ("used", "is_over"), [(0, False), (5 * GIGABYTE - 1, False), (5 * GIGABYTE, True), (9 * GIGABYTE, True)]
)
def test_a_quota_is_used_up_by_its_last_byte_and_only_the_garden_blocks(over_quota, used, is_over):
    cap = Cap(5, over_quota)
    assert cap.is_over(used) is is_over
    assert cap.blocks(used) is (is_over and over_quota == "garden")


def test_a_gigabyte_is_a_thousand_million_bytes():
    assert GIGABYTE == 1_000_000_000


MONTHLY = Schedule(date(2026, 1, 31), Interval(1, Unit.MONTH))
CALENDAR = Schedule(date(2026, 6, 10), Interval(1, Unit.MONTH), billing_day=1)
DAYS = Schedule(date(2026, 6, 10), Interval(30, Unit.DAY))


@pytest.mark.parametrize(
    ("schedule", "day", "ends_on", "start", "end"),
    [
        (MONTHLY, date(2026, 2, 27), None, date(2026, 1, 31), date(2026, 2, 28)),
        (MONTHLY, date(2026, 2, 28), None, date(2026, 2, 28), date(2026, 3, 31)),  # not chained from the short one
        (MONTHLY, date(2026, 1, 30), None, date(2025, 12, 31), date(2026, 1, 31)),  # a trial before the anchor
        (DAYS, date(2026, 7, 9), None, date(2026, 6, 10), date(2026, 7, 10)),
        (CALENDAR, date(2026, 6, 10), None, date(2026, 6, 10), date(2026, 7, 1)),  # what was before counts not
        (CALENDAR, date(2026, 6, 9), None, date(2026, 6, 1), date(2026, 6, 10)),
        (CALENDAR, date(2026, 7, 31), None, date(2026, 7, 1), date(2026, 8, 1)),
        (CALENDAR, date(2026, 7, 15), date(2026, 7, 20), date(2026, 7, 1), date(2026, 7, 20)),
        (CALENDAR, date(2026, 7, 15), date(2026, 9, 1), date(2026, 7, 1), date(2026, 8, 1)),
    ],
)
def test_use_counts_together_in_the_billing_period(schedule, day, ends_on, start, end):
    assert quota_days(schedule, day, ends_on) == (start, end)
