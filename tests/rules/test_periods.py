"""Periods follow from the anchor alone (rules T2 to T5). Dates marked A… are worked examples of other systems."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.periods import Interval, Schedule, Unit, start_of_day

MONTHLY = Interval(1, Unit.MONTH)
YEARLY = Interval(1, Unit.YEAR)
WEEKLY = Interval(1, Unit.WEEK)
ZONES = ["UTC", "Asia/Dhaka", "America/Sao_Paulo", "Africa/Cairo", "Europe/Rome", "Pacific/Apia"]

days = st.dates(date(2000, 1, 1), date(2060, 12, 31))
intervals = st.builds(Interval, st.integers(1, 24), st.sampled_from(Unit))


def starts(schedule, count, first=1):
    return [schedule.period(n).start.isoformat() for n in range(first, first + count)]


def test_t3_a_month_from_the_31st_is_clamped_and_never_drifts():
    """A1."""
    assert (
        starts(Schedule(date(2022, 12, 31), MONTHLY), 15)
        == (
            "2023-01-31 2023-02-28 2023-03-31 2023-04-30 2023-05-31 2023-06-30 2023-07-31 2023-08-31 2023-09-30 "
            "2023-10-31 2023-11-30 2023-12-31 2024-01-31 2024-02-29 2024-03-31"
        ).split()
    )


def test_t3_a_month_from_the_30th_stays_on_the_30th_after_february():
    """A2."""
    schedule = Schedule(date(2022, 4, 30), MONTHLY)
    assert starts(schedule, 4, first=9) == "2023-01-30 2023-02-28 2023-03-30 2023-04-30".split()
    assert starts(schedule, 2, first=22) == "2024-02-29 2024-03-30".split()


def test_t3_the_28th_of_february_never_becomes_the_last_day():
    """A3."""
    schedule = Schedule(date(2022, 2, 28), MONTHLY)
    assert {schedule.period(n).start.day for n in range(48)} == {28}


def test_t3_a_year_from_the_29th_of_february_comes_back_to_it():
    """A19, A21."""
    assert starts(Schedule(date(2024, 2, 29), YEARLY), 4) == "2025-02-28 2026-02-28 2027-02-28 2028-02-29".split()
    assert starts(Schedule(date(2020, 2, 29), YEARLY), 1, first=3) == ["2023-02-28"]


def test_t3_weeks_follow_the_start():
    """A16."""
    assert (
        starts(Schedule(date(2016, 4, 8), WEEKLY), 7)
        == ("2016-04-15 2016-04-22 2016-04-29 2016-05-06 2016-05-13 2016-05-20 2016-05-27").split()
    )


@pytest.mark.parametrize(
    ("start", "interval", "day", "first_end"),
    [
        ("2012-02-16", MONTHLY, 14, "2012-03-14"),  # A11
        ("2012-02-16", YEARLY, 14, "2013-02-14"),  # A11
        ("2012-03-02", MONTHLY, 3, "2012-03-03"),  # A13
        ("2012-03-04", MONTHLY, 3, "2012-04-03"),  # A13
        ("2015-02-17", MONTHLY, 1, "2015-03-01"),  # A25
        ("2011-01-31", YEARLY, 15, "2012-01-15"),  # B8
        ("2026-02-28", MONTHLY, 31, "2026-03-31"),
    ],
)
def test_t4_the_first_period_of_a_calendar_plan_ends_on_the_billing_day(start, interval, day, first_end):
    period = Schedule(date.fromisoformat(start), interval, day).period(0)
    assert (period.start.isoformat(), period.end.isoformat()) == (start, first_end)


def test_t4_a_calendar_plan_that_starts_on_its_billing_day_begins_with_a_full_period():
    period = Schedule(date(2012, 3, 3), MONTHLY, 3).period(0)
    assert (period.end, period.days, period.full_days) == (date(2012, 4, 3), 31, 31)


def test_t4_a_calendar_plan_on_the_31st_uses_the_last_day_of_short_months():
    """A18."""
    schedule = Schedule(date(2012, 5, 31), MONTHLY, 31)
    assert starts(schedule, 4) == "2012-06-30 2012-07-31 2012-08-31 2012-09-30".split()


@given(days, intervals, st.none() | st.integers(1, 31), st.integers(0, 60))
def test_b1_periods_touch_without_gap_or_overlap(start, interval, billing_day, n):
    schedule = Schedule(start, interval, billing_day if interval.months else None)
    assert schedule.period(0).start == start
    assert schedule.period(n).end == schedule.period(n + 1).start
    assert 0 < schedule.period(n).days <= schedule.period(n).full_days


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
