"""What is due for billing as of a day (rules B2, B8, T6)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.errors import Refused
from billing.rules.holds import Hold
from billing.rules.issuing import due_slices, issue_on
from billing.rules.periods import Interval, Period, Schedule, Unit

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)
SCHEDULE = Schedule(MAY, Interval(1, Unit.MONTH))


def ends(slices):
    return [part.end for part in slices]


def test_b2_in_advance_a_bill_comes_some_days_before_the_period_and_in_arrears_at_its_end():
    june = Period(JUNE, JULY, 30)
    assert issue_on(june, in_arrears=False) == JUNE
    assert issue_on(june, in_arrears=False, lead_days=7) == date(2026, 5, 25)
    assert issue_on(june, in_arrears=True) == JULY


@pytest.mark.parametrize(
    ("today", "in_arrears", "lead_days", "expected"),
    [
        (date(2026, 4, 30), False, 0, []),
        (MAY, False, 0, [JUNE]),
        (date(2026, 5, 24), False, 7, [JUNE]),
        (date(2026, 5, 25), False, 7, [JUNE, JULY]),
        (date(2026, 5, 31), True, 0, []),
        (JUNE, True, 0, [JUNE]),
    ],
)
def test_t6_all_that_is_due_as_of_today(today, in_arrears, lead_days, expected):
    assert ends(due_slices(SCHEDULE, MAY, today, in_arrears=in_arrears, lead_days=lead_days)) == expected


@given(st.lists(st.integers(0, 200), max_size=5), st.booleans(), st.integers(0, 20))
def test_t6_however_often_the_run_is_missed_the_same_slices_come_once(gaps, in_arrears, lead_days):
    today, billed_until, billed = MAY, MAY, []
    for gap in gaps:
        today += timedelta(days=gap)
        for part in due_slices(SCHEDULE, billed_until, today, in_arrears=in_arrears, lead_days=lead_days):
            billed.append(part)
            billed_until = part.end
    at_once = due_slices(SCHEDULE, MAY, today, in_arrears=in_arrears, lead_days=lead_days) if gaps else []
    assert billed == at_once


def test_l6_in_arrears_the_last_part_is_due_on_the_end():
    end = date(2026, 6, 11)
    assert ends(due_slices(SCHEDULE, JUNE, end, in_arrears=True, ends_on=end)) == [end]
    assert due_slices(SCHEDULE, end, JULY, in_arrears=True, ends_on=end) == []


def test_l3_days_on_hold_are_left_out():
    hold = Hold(date(2026, 5, 20), date(2026, 6, 10))
    assert ends(due_slices(SCHEDULE, MAY, date(2026, 6, 10), holds=[hold])) == [hold.start, JULY]


def test_b8_up_to_36_periods_are_caught_up_and_more_need_a_look():
    day = Schedule(MAY, Interval(1, Unit.DAY))
    assert len(due_slices(day, MAY, MAY + timedelta(days=35))) == 36
    with pytest.raises(Refused, match="More than 36 periods are not billed since 2026-05-01"):
        due_slices(day, MAY, MAY + timedelta(days=36))
