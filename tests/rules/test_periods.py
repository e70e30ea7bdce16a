"""Periods follow from the anchor alone (rules T2 to T5)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dateutil.relativedelta import relativedelta
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.errors import Refused
from billing.rules.periods import Interval, Period, Schedule, Unit, local_day, start_of_day

MONTHLY = Interval(1, Unit.MONTH)
YEARLY = Interval(1, Unit.YEAR)
WEEKLY = Interval(1, Unit.WEEK)
ZONES = ["UTC", "Asia/Dhaka", "America/Sao_Paulo", "Africa/Cairo", "Europe/Rome", "Pacific/Apia"]

CURRENT = date(2026, 5, 7)

days = st.dates(date(2000, 1, 1), date(2060, 12, 31))
intervals = st.builds(Interval, st.integers(1, 24), st.sampled_from(Unit))
month_intervals = st.builds(Interval, st.integers(1, 24), st.sampled_from([Unit.MONTH, Unit.YEAR]))
schedules = st.builds(Schedule, days, intervals) | st.builds(
    Schedule, days, month_intervals, st.none() | st.integers(1, 31)
)


def grid(schedule, n):
    """The n-th date of the grid, with the month arithmetic of another library."""
    months, day = schedule.interval.months, schedule.billing_day or schedule.anchor.day
    if months:
        return schedule.anchor.replace(day=1) + relativedelta(months=n * months) + relativedelta(day=day)
    return schedule.anchor + timedelta(days=n * schedule.interval.days)


@given(schedules, days)
def test_t3_the_period_that_holds_a_day_is_the_one_of_the_grid(schedule, day):
    n = (day - schedule.anchor).days // (schedule.interval.days or 31 * schedule.interval.months)
    while grid(schedule, n) > day:
        n -= 1
    while grid(schedule, n + 1) <= day:
        n += 1
    start, end = grid(schedule, n), grid(schedule, n + 1)
    assert start <= day < end
    assert schedule.holding(day) == Period(start, end, (end - start).days)


@given(days, st.integers(1, 400), st.integers(0, 60))
def test_t3_a_month_after_is_what_calendars_say(anchor, count, n):
    assert Interval(count, Unit.MONTH).after(anchor, n) == anchor + relativedelta(months=n * count)


@given(schedules, st.integers(-30, 60))
def test_t3_numbers_and_days_find_the_same_periods(schedule, n):
    period = schedule.period(n)
    if n == 0:
        assert period == schedule.slice_from(schedule.anchor)
    else:
        assert period == schedule.holding(period.start) == schedule.holding(period.last_day)
    assert period.end == schedule.period(n + 1).start or n == -1


@given(schedules, days, st.integers(1, 3000))
def test_b1_slices_tile_the_future_without_gap_or_overlap(schedule, start, length):
    until = start + timedelta(days=length)
    billed_until = start
    for part in schedule.slices(start, until):
        full = schedule.holding(part.start)
        assert part.start == billed_until < part.end <= full.end
        assert part.full_days == full.days >= part.days
        assert part.start in (start, full.start)
        assert part.end in (until, full.end)
        billed_until = part.end
    assert billed_until == until


@given(schedules, schedules, days, st.integers(1, 500))
def test_b1_also_when_the_anchor_moves_in_between(before, after, start, length):
    moved_on = start + timedelta(days=length)
    (*_, last) = before.slices(start, moved_on)
    bridge = after.slice_from(last.end)
    assert bridge.start == moved_on
    assert after.slice_from(bridge.end) == after.holding(bridge.end)


@given(schedules, days)
def test_t3_the_rest_of_a_period_starts_later_and_ends_with_it(schedule, day):
    full = schedule.holding(day)
    assert schedule.slice_from(full.start) == full
    assert schedule.slice_from(day) == Period(day, full.end, full.days)
    assert schedule.slice_from(day, full.end + timedelta(days=1)) == schedule.slice_from(day)


@given(schedules, days, st.integers(0, 400))
def test_t3_a_later_day_is_in_no_earlier_period(schedule, day, later):
    assert schedule.holding(day).start <= schedule.holding(day + timedelta(days=later)).start


@pytest.mark.parametrize(
    ("anchor", "interval", "billing_day", "start", "expected"),
    [
        ("2026-01-31", MONTHLY, None, "2026-02-28", "2026-02-28 2026-03-31"),
        ("2026-01-31", MONTHLY, None, "2026-03-30", "2026-02-28 2026-03-31"),
        ("2026-01-31", MONTHLY, None, "2025-12-30", "2025-11-30 2025-12-31"),
        ("2024-02-29", YEARLY, None, "2027-02-27", "2026-02-28 2027-02-28"),
        ("2024-02-29", YEARLY, None, "2028-02-28", "2027-02-28 2028-02-29"),
        ("2026-02-28", MONTHLY, 31, "2026-03-30", "2026-02-28 2026-03-31"),
        ("2026-03-01", WEEKLY, None, "2026-02-28", "2026-02-22 2026-03-01"),
        # The first part of a long calendar plan goes to the next billing day, and full periods follow.
        ("2026-02-10", YEARLY, 14, "2026-02-10", "2025-02-14 2026-02-14"),
        ("2026-02-10", Interval(3, Unit.MONTH), 14, "2026-02-14", "2026-02-14 2026-05-14"),
    ],
)
def test_t3_the_full_period_that_holds_a_day(anchor, interval, billing_day, start, expected):
    period = Schedule(date.fromisoformat(anchor), interval, billing_day).holding(date.fromisoformat(start))
    assert f"{period.start} {period.end}" == expected


def test_l5_a_month_is_not_30_days():
    month, days_30 = Schedule(date(2026, 1, 31), MONTHLY), Schedule(date(2026, 1, 31), Interval(30, Unit.DAY))
    assert month.period(0).end == date(2026, 2, 28)
    assert days_30.period(0).end == date(2026, 3, 2)


def test_t4_a_calendar_plan_that_starts_on_its_billing_day_begins_with_a_full_period():
    period = Schedule(date(2012, 3, 3), MONTHLY, 3).period(0)
    assert (period.end, period.days, period.full_days) == (date(2012, 4, 3), 31, 31)


@pytest.mark.parametrize("until", [CURRENT, CURRENT - timedelta(days=1)])
def test_an_end_that_leaves_no_day_is_refused(until):
    with pytest.raises(Refused, match="no day left to bill"):
        Schedule(date(2026, 1, 1), MONTHLY).slice_from(CURRENT, until)


@pytest.mark.parametrize("count", [0, -1])
def test_an_interval_of_no_time_is_refused(count):
    with pytest.raises(Refused, match="1 or more"):
        Interval(count, Unit.MONTH)


@pytest.mark.parametrize(("interval", "billing_day"), [(MONTHLY, 0), (MONTHLY, 32), (WEEKLY, 1)])
def test_a_billing_day_that_no_month_has_is_refused(interval, billing_day):
    with pytest.raises(Refused, match="1 to 31, for plans by the month or year"):
        Schedule(CURRENT, interval, billing_day)


def test_t2_people_see_the_last_day_inclusive():
    assert Schedule(date(2026, 1, 1), MONTHLY).period(0).last_day == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("zone", "day", "instant"),
    [
        ("UTC", "2026-03-16", "2026-03-16T00:00"),
        ("Asia/Dhaka", "2026-03-16", "2026-03-15T18:00"),
        ("Europe/Rome", "2026-03-29", "2026-03-28T23:00"),  # clocks change later that day
        ("Europe/Rome", "2026-03-30", "2026-03-29T22:00"),
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T03:00"),  # midnight does not exist: the day begins at 01:00
        ("America/Sao_Paulo", "2018-02-18", "2018-02-18T03:00"),  # 23:00 of the day before comes twice
        ("Africa/Cairo", "2026-04-24", "2026-04-23T22:00"),  # midnight does not exist
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),  # the whole day does not exist
        ("Pacific/Apia", "2011-12-31", "2011-12-30T10:00"),
    ],
)
def test_t5_a_day_begins_at_its_first_instant(zone, day, instant):
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert start_of_day(date.fromisoformat(day), ZoneInfo(zone)) == expected


@given(days, st.sampled_from(ZONES))
def test_t5_the_first_instant_is_the_day_itself_and_the_moment_before_is_not(day, zone_name):
    zone = ZoneInfo(zone_name)
    first = start_of_day(day, zone)
    if day != date(2011, 12, 30) or zone_name != "Pacific/Apia":
        assert first.astimezone(zone).date() == day
    assert (first - timedelta(microseconds=1)).astimezone(zone).date() < day


@given(days, st.sampled_from(ZONES))
def test_t5_a_day_lasts_until_the_next_begins(day, zone_name):
    zone, tomorrow = ZoneInfo(zone_name), day + timedelta(days=1)
    first, last = start_of_day(day, zone), start_of_day(tomorrow, zone)
    hours = (last - first).total_seconds() / 3600
    skipped = zone_name == "Pacific/Apia" and day == date(2011, 12, 30)
    assert hours == 0 if skipped else hours in (23, 24, 25)
    if not skipped:
        assert local_day(first, zone) == local_day(last - timedelta(microseconds=1), zone) == day
