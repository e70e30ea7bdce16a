"""The end of a subscription (rules L6, T2)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.cancellation import checked_end, credit, final_slices
from billing.rules.errors import Refused
from billing.rules.periods import Interval, Period, Schedule, Unit
from billing.rules.proration import Standing

MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
LINE = Standing(Decimal("31.00"), MAY, JUNE)


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 4, 1), 31),
        (MAY, 31),
        (date(2026, 5, 2), 30),
        (date(2026, 5, 31), 1),
        (JUNE, 0),
        (date(2026, 7, 1), 0),
    ],
)
def test_l6_the_day_of_the_end_is_credited_and_all_after_it(on, expected):
    assert credit(LINE, on, "USD") == expected


def test_l6_what_was_credited_before_is_not_credited_again():
    line = Standing(Decimal("31.00"), MAY, JUNE, Decimal("5.00"), 5)
    assert credit(line, MAY + timedelta(days=5), "USD") == Decimal("26.00")


@given(st.integers(0, 400))
def test_l6_the_final_slices_come_to_the_end_and_no_further(days):
    schedule = Schedule(MAY, Interval(1, Unit.MONTH))
    slices = final_slices(schedule, MAY, MAY + timedelta(days=days))
    assert sum(part.days for part in slices) == days
    assert all(part == schedule.holding(part.start) for part in slices[:-1])


def test_l6_the_final_bill_of_a_plan_in_arrears():
    schedule = Schedule(MAY, Interval(1, Unit.MONTH))
    assert final_slices(schedule, JUNE, date(2026, 6, 11)) == [Period(JUNE, date(2026, 6, 11), 30)]
    assert final_slices(schedule, JUNE, JUNE) == []


def test_l6_an_end_on_the_first_day_is_allowed_and_one_before_it_refused():
    assert checked_end(MAY, starts_on=MAY) == MAY
    with pytest.raises(Refused, match="Choose 2026-05-01 or later"):
        checked_end(date(2026, 4, 30), starts_on=MAY)
