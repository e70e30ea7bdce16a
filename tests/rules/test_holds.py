"""Days on hold are not billed and the grid stays (rule L3)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.errors import Refused
from billing.rules.holds import Hold, checked, credit, first_free_day, held_days, next_slice
from billing.rules.periods import Interval, Period, Schedule, Unit
from billing.rules.proration import Standing

MAY, JUNE, JULY = date(2026, 5, 1), date(2026, 6, 1), date(2026, 7, 1)
SCHEDULE = Schedule(MAY, Interval(1, Unit.MONTH))
LINE = Standing(Decimal("31.00"), MAY, JUNE)
WEEK = Hold(date(2026, 5, 10), date(2026, 5, 17))
OPEN = Hold(date(2026, 5, 20))


@pytest.mark.parametrize(
    ("hold", "days"),
    [
        (WEEK, 7),
        (OPEN, 12),
        (Hold(date(2026, 4, 1), date(2026, 5, 3)), 2),
        (Hold(date(2026, 5, 30), date(2026, 6, 10)), 2),
        (Hold(date(2026, 4, 1), JULY), 31),
        (Hold(date(2026, 4, 1), MAY), 0),
        (Hold(JUNE), 0),
    ],
)
def test_l3_days_of_a_paid_line_that_are_on_hold_are_credited(hold, days):
    assert held_days(LINE, hold) == days
    assert credit(LINE, hold, "USD") == days


def test_l3_days_on_hold_are_not_billed():
    first = next_slice(SCHEDULE, MAY, [WEEK])
    second = next_slice(SCHEDULE, first.end, [WEEK])
    assert first == Period(MAY, WEEK.start, 31)
    assert second == Period(WEEK.end, JUNE, 31)
    assert next_slice(SCHEDULE, second.end, [WEEK]) == SCHEDULE.holding(JUNE)


def test_l3_an_open_hold_ends_billing_until_it_gets_an_end():
    assert next_slice(SCHEDULE, MAY, [WEEK, OPEN]).end == WEEK.start
    assert next_slice(SCHEDULE, OPEN.start, [WEEK, OPEN]) is None
    assert first_free_day(OPEN.start, [OPEN]) is None


def test_l3_holds_that_touch_are_one():
    after = Hold(WEEK.end, date(2026, 5, 20))
    assert first_free_day(WEEK.start, [after, WEEK]) == after.end


def test_l6_nothing_is_billed_from_the_end_on():
    assert next_slice(SCHEDULE, MAY, until=date(2026, 5, 11)) == Period(MAY, date(2026, 5, 11), 31)
    assert next_slice(SCHEDULE, JUNE, until=JUNE) is None
    assert next_slice(SCHEDULE, WEEK.start, [WEEK], until=WEEK.end) is None


@given(st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60)), max_size=5), st.integers(1, 400))
def test_b1_every_day_is_billed_once_or_on_hold(holds, length):
    holds = [Hold(MAY + timedelta(days=start), MAY + timedelta(days=start + days)) for start, days in holds]
    until, billed, billed_until = MAY + timedelta(days=length), [], MAY
    while part := next_slice(SCHEDULE, billed_until, holds, until):
        billed += [part.start + timedelta(days=n) for n in range(part.days)]
        billed_until = part.end
    every = [MAY + timedelta(days=n) for n in range(length)]
    assert billed == [day for day in every if not any(hold.start <= day < hold.end for hold in holds)]


def test_a_hold_beside_others_can_be():
    assert checked(Hold(WEEK.end, OPEN.start), [WEEK, OPEN])
    assert checked(OPEN)


@pytest.mark.parametrize(
    ("hold", "message"),
    [
        (Hold(WEEK.start, WEEK.start), "Choose a later end"),
        (Hold(WEEK.end, WEEK.start), "Choose a later end"),
        (Hold(MAY, date(2026, 5, 11)), "from 2026-05-10 to before 2026-05-17 already"),
        (Hold(date(2026, 5, 19), date(2026, 5, 21)), "from 2026-05-20 until further notice already"),
        (Hold(JULY), "until further notice already"),
    ],
)
def test_a_hold_that_cannot_be_is_refused(hold, message):
    with pytest.raises(Refused, match=message):
        checked(hold, [WEEK, OPEN])
