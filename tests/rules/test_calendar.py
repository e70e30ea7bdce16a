"""When cuts may happen: working days, holidays and the time of day (rules E10, T5)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.access import cut_off_at
from billing.rules.calendar import WorkingCalendar, parse_time, parse_weekdays
from billing.rules.errors import Refused

ZONES = ("Asia/Dhaka", "Europe/Rome", "Africa/Cairo", "America/Sao_Paulo")
DHAKA, ROME, CAIRO, SAO_PAULO = (ZoneInfo(name) for name in ZONES)
SATURDAY, SUNDAY = 5, 6


def local(text, zone=ROME):
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def weekend(**changes):
    return WorkingCalendar(**{"zone": ROME, "free_weekdays": {SATURDAY, SUNDAY}, **changes})


@pytest.mark.parametrize(
    ("calendar", "cut_off", "first"),
    [
        (WorkingCalendar(ROME), "2026-03-14", "2026-03-14"),
        (WorkingCalendar(ROME, time(9, 30)), "2026-03-14", "2026-03-14T09:30"),
        (WorkingCalendar(ROME, time(9, 30)), "2026-03-14T10:15", "2026-03-14T10:15"),
        (weekend(), "2026-03-13", "2026-03-13"),  # Friday
        (weekend(), "2026-03-14", "2026-03-16"),  # Saturday: on to Monday
        (weekend(), "2026-03-15T12:00", "2026-03-16"),
        (weekend(cut_off_time=time(8)), "2026-03-14", "2026-03-16T08:00"),
        (weekend(holidays={date(2026, 3, 16)}), "2026-03-14", "2026-03-17"),  # a long weekend
        (weekend(holidays={date(2026, 3, 13), date(2026, 3, 16)}), "2026-03-13", "2026-03-17"),
        (WorkingCalendar(ROME, yearly={(1, 1)}), "2031-01-01", "2031-01-02"),
        (WorkingCalendar(ROME, yearly={(2, 29)}), "2028-02-29", "2028-03-01"),
        (WorkingCalendar(ROME, yearly={(2, 29)}), "2027-02-28", "2027-02-28"),
        (WorkingCalendar(ROME, yearly={(2, 29)}), "2027-03-01", "2027-03-01"),
        (WorkingCalendar(ROME, yearly={(12, 31), (1, 1)}), "2026-12-31", "2027-01-02"),
    ],
)
def test_e10_a_cut_moves_to_the_next_working_day_and_its_time(calendar, cut_off, first):
    assert calendar.first_cut(local(cut_off)) == local(first)
    assert calendar.allows_cuts(local(first))
    assert not calendar.allows_cuts(local(first) - timedelta(microseconds=1)) or local(cut_off) == local(first)


@pytest.mark.parametrize(
    ("instant", "allowed"),
    [
        ("2026-03-13T09:29:59", False),
        ("2026-03-13T09:30", True),
        ("2026-03-13T23:59:59", True),
        ("2026-03-14T00:00", False),  # Saturday begins
        ("2026-03-15T23:59:59", False),
        ("2026-03-16T00:00", False),
        ("2026-03-16T09:30", True),
    ],
)
def test_e10_the_edges_of_a_weekend_with_a_cut_off_time(instant, allowed):
    assert weekend(cut_off_time=time(9, 30)).allows_cuts(local(instant)) is allowed


@pytest.mark.parametrize(
    ("zone", "day", "first_instant"),
    [
        (CAIRO, "2026-04-24", "2026-04-23T22:00"),  # 00:00 to 01:00 does not exist
        (SAO_PAULO, "2018-11-04", "2018-11-04T03:00"),
        (ROME, "2026-03-29", "2026-03-28T23:00"),  # a day of 23 hours
        (ROME, "2026-10-25", "2026-10-24T22:00"),  # a day of 25 hours
        (DHAKA, "2026-03-29", "2026-03-28T18:00"),
    ],
)
def test_e10_t5_days_begin_where_people_say_so_also_without_a_midnight(zone, day, first_instant):
    calendar, first = WorkingCalendar(zone), datetime.fromisoformat(first_instant).replace(tzinfo=UTC)
    assert cut_off_at(date.fromisoformat(day) - timedelta(days=1), 0, zone) == first
    assert calendar.first_cut(first) == first
    holiday = WorkingCalendar(zone, holidays={date.fromisoformat(day)})
    assert not holiday.allows_cuts(first)
    assert holiday.allows_cuts(first - timedelta(microseconds=1))


def test_e10_a_time_of_day_that_does_not_exist_is_the_instant_of_the_clock_change_or_later():
    calendar = WorkingCalendar(ROME, time(2, 30))
    opens = local("2026-03-29T03:30")
    assert calendar.first_cut(local("2026-03-29")) == opens
    assert not calendar.allows_cuts(opens - timedelta(seconds=1))
    assert calendar.allows_cuts(opens)


def test_e10_a_time_of_day_that_comes_twice_counts_the_first_time():
    calendar = WorkingCalendar(ROME, time(2, 30))
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # 02:30 in summer time; again one hour later
    assert calendar.first_cut(local("2026-10-25")) == first
    for minutes, allowed in ((-1, False), (0, True), (45, True), (60, True)):
        now = first + timedelta(minutes=minutes)
        assert calendar.allows_cuts(now) is allowed
        assert calendar.allows_cuts(now.astimezone(ROME)) is allowed, "the same instant, written in local time"


def test_e10_a_calendar_without_a_working_day_is_refused_in_words():
    calendar = WorkingCalendar(ROME, free_weekdays=range(7))
    assert not calendar.allows_cuts(local("2026-03-13"))
    with pytest.raises(Refused, match="No day in a year after 2026-03-13 is a working day. Correct the holidays"):
        calendar.first_cut(local("2026-03-13T12:00"))


instants = st.integers(0, 3_000_000).map(lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))
calendars = st.builds(
    WorkingCalendar,
    zone=st.sampled_from([DHAKA, ROME, CAIRO, SAO_PAULO]),
    cut_off_time=st.times(),
    free_weekdays=st.sets(st.integers(0, 6), max_size=6),
    holidays=st.sets(st.dates(date(2024, 1, 1), date(2030, 1, 1)), max_size=20),
    yearly=st.sets(st.tuples(st.integers(1, 12), st.integers(1, 29)), max_size=5),
)


@given(calendars, instants)
def test_e10_the_first_cut_is_the_first_instant_that_allows_cuts(calendar, cut_off):
    first = calendar.first_cut(cut_off)
    assert first >= cut_off
    assert calendar.allows_cuts(first)
    hours = int((first - cut_off) / timedelta(hours=1))
    assert not any(calendar.allows_cuts(cut_off + timedelta(hours=hour)) for hour in range(hours))
    assert calendar.allows_cuts(cut_off) == (first == cut_off)


@pytest.mark.parametrize(("text", "parsed"), [("00:00", time(0)), (" 9:05 ", time(9, 5)), ("23:59", time(23, 59))])
def test_a_time_of_day_is_read(text, parsed):
    assert parse_time(text) == parsed


@pytest.mark.parametrize("text", ["25:00", "24:00", "9", "09:60", "nine", "09:30:15", "-1:00", ""])
def test_what_is_no_time_of_day_is_refused(text):
    with pytest.raises(Refused, match="is not a time of day between 00:00 and 23:59"):
        parse_time(text)


@pytest.mark.parametrize(
    ("words", "days"),
    [([], set()), (["fri", "Saturday"], {4, 5}), ([" SUN ", "sunday"], {6}), (["Tues", "wednes"], {1, 2})],
)
def test_weekdays_are_read(words, days):
    assert parse_weekdays(words) == days


@pytest.mark.parametrize("word", ["monkey", "friend", "sunshine", "f", "fr", "5", "weekend"])
def test_what_is_no_weekday_is_refused(word):
    with pytest.raises(Refused, match=f"“{word}” is not a weekday. Write mon, tue"):
        parse_weekdays(["sat", word])


def test_e10_all_seven_weekdays_without_cuts_are_refused():
    with pytest.raises(Refused, match="nobody would ever be cut"):
        parse_weekdays(["mon", "tue", "wed", "thu", "fri", "sat", "sun"])
