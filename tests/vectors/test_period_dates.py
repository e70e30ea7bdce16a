"""Examples A: where periods start and end (rules T2, T3, T4, L7)."""

from itertools import pairwise

import pytest

from billing.rules.issuing import due_slices
from billing.rules.periods import Schedule
from billing.rules.trial import first_paid_day, free_period
from tests.vectors.support import MONTHLY, WEEKLY, YEARLY, case, day, part, spans


@pytest.mark.parametrize(
    ("anchor", "interval", "billing_day", "first", "expected"),
    [
        case(
            "A1",
            "2022-12-31",
            MONTHLY,
            None,
            1,
            "2023-01-31 2023-02-28 2023-03-31 2023-04-30 2023-05-31 2023-06-30 2023-07-31 2023-08-31 2023-09-30 "
            "2023-10-31 2023-11-30 2023-12-31 2024-01-31 2024-02-29 2024-03-31",
        ),
        case(
            "A2",
            "2022-04-30",
            MONTHLY,
            None,
            9,
            "2023-01-30 2023-02-28 2023-03-30 2023-04-30 2023-05-30 2023-06-30 2023-07-30 2023-08-30 2023-09-30 "
            "2023-10-30 2023-11-30 2023-12-30 2024-01-30 2024-02-29 2024-03-30",
        ),
        case("A6", "2023-01-31", MONTHLY, None, 1, "2023-02-28 2023-03-31 2023-04-30"),
        case("A6", "2024-01-31", MONTHLY, None, 1, "2024-02-29 2024-03-31 2024-04-30", note="leap year"),
        case("A11", "2012-02-16", MONTHLY, 14, 1, "2012-03-14 2012-04-14", note="monthly"),
        case("A11", "2012-02-16", YEARLY, 14, 1, "2013-02-14 2014-02-14", note="yearly"),
        case("A13", "2012-03-02", MONTHLY, 3, 1, "2012-03-03 2012-04-03", note="the day before"),
        case("A13", "2012-03-03", MONTHLY, 3, 0, "2012-03-03 2012-04-03", note="on the day"),
        case("A13", "2012-03-04", MONTHLY, 3, 1, "2012-04-03 2012-05-03", note="the day after"),
        case(
            "A16",
            "2016-04-08",
            WEEKLY,
            None,
            1,
            "2016-04-15 2016-04-22 2016-04-29 2016-05-06 2016-05-13 2016-05-20 2016-05-27",
        ),
        case("A18", "2012-05-31", MONTHLY, 31, 0, "2012-05-31 2012-06-30 2012-07-31 2012-08-31 2012-09-30"),
        case("A19", "2020-02-29", YEARLY, None, 3, "2023-02-28 2024-02-29"),
        case("A21", "2024-02-29", YEARLY, None, 1, "2025-02-28 2026-02-28 2027-02-28 2028-02-29"),
        # Chained by one month, the second start would be 2026-03-28.
        case("A26", "2026-01-31", MONTHLY, None, 1, "2026-02-28 2026-03-31 2026-04-30"),
    ],
)
def test_periods_start_on(anchor, interval, billing_day, first, expected):
    schedule = Schedule(day(anchor), interval, billing_day)
    dates = [day(text) for text in expected.split()]
    assert [schedule.period(first + n).start for n in range(len(dates))] == dates
    assert [schedule.holding(start).start for start in dates] == dates
    start = schedule.anchor
    while start < dates[-1]:  # and the same when each line starts where the last one ended
        start = schedule.slice_from(start).end
        assert start in dates or start < dates[0]


def test_a3_the_28th_of_february_never_becomes_the_last_day():
    schedule = Schedule(day("2022-02-28"), MONTHLY)
    assert {schedule.period(n).start.day for n in range(48)} == {28}


def test_a19_a_yearly_plan_from_29_february_is_billed_once_on_28_february():
    schedule = Schedule(day("2020-02-29"), YEARLY)
    billed_until, billed = day("2022-02-28"), []
    for today in ("2023-02-27", "2023-02-28", "2023-02-28", "2023-03-01"):
        for due in due_slices(schedule, billed_until, day(today)):
            billed.append((today, str(due.start)))
            billed_until = due.end
    assert billed == [("2023-02-27", "2022-02-28"), ("2023-02-28", "2023-02-28")]


@pytest.mark.parametrize(
    ("billing_day", "boundaries"),
    [
        # The source's end, 15 March inclusive, is our 16 March.
        case("A22", None, "2018-01-05 2018-02-05 2018-03-05 2018-03-16"),
        case("A23", 1, "2018-01-05 2018-02-01 2018-03-01 2018-03-16"),
        case("A25", 1, "2015-02-17 2015-03-01 2015-04-01 2015-05-01"),
    ],
)
def test_lines_run_from_one_boundary_to_the_next(billing_day, boundaries):
    dates = [day(text) for text in boundaries.split()]
    lines = Schedule(dates[0], MONTHLY, billing_day).slices(dates[0], dates[-1])
    assert [(line.start, line.end) for line in lines] == list(pairwise(dates))


@pytest.mark.parametrize(
    ("starts_on", "days", "trial", "paid"),
    [
        case("A27", "2012-05-01", 30, "2012-05-01 2012-05-31", ["2012-05-31 2012-06-30", "2012-06-30 2012-07-31"]),
        part("Z12", "2017-11-01", 30, "2017-11-01 2017-12-01", ["2017-12-01 2018-01-01", "2018-01-01 2018-02-01"]),
    ],
)
def test_paid_periods_follow_a_free_trial(starts_on, days, trial, paid):
    assert spans([free_period(day(starts_on), days)]) == [trial]
    schedule = Schedule(first_paid_day(day(starts_on), days), MONTHLY)
    assert spans(schedule.period(n) for n in range(2)) == paid
