"""What it costs to change the plan (rules L2, T2)."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.discounts import Discount
from billing.rules.errors import Refused
from billing.rules.periods import Interval, Unit
from billing.rules.plan_change import Offer, anchor_after, change
from billing.rules.proration import Standing
from billing.rules.tax import Rate

MONTHLY = Interval(1, Unit.MONTH)
YEARLY = Interval(1, Unit.YEAR)
MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)

OLD = Offer(Decimal("31.00"), MONTHLY, None)
NEW = Offer(Decimal("62.00"), MONTHLY, None)
LINE = Standing(Decimal("31.00"), MAY, JUNE)

moments = st.integers(0, 30).map(lambda days: MAY + timedelta(days=days))


def changed(on, *, new=NEW, old=OLD, line=LINE, anchor=MAY):
    return change(line=line, anchor=anchor, old=old, new=new, on=on, currency="USD")


@given(moments)
def test_l2_on_the_same_grid_the_same_days_are_credited_and_charged(on):
    outcome = changed(on)
    assert (outcome.slice.start, outcome.slice.end, outcome.anchor) == (on, JUNE, MAY)
    assert outcome.credit == outcome.slice.days
    assert outcome.charge == 2 * outcome.credit == 2 * outcome.net


@given(moments, st.sampled_from([replace(NEW, interval=YEARLY), replace(NEW, billing_day=10)]))
def test_l2_on_another_grid_the_new_plan_begins_a_period_of_its_own(on, new):
    outcome = changed(on, new=new)
    assert outcome.anchor == outcome.slice.start == on
    assert outcome.slice == new.schedule(on).slice_from(on)
    assert outcome.net == outcome.charge - outcome.credit


@given(moments, st.decimals(0, 1000, places=2), st.decimals(0, 1000, places=2))
def test_l2_there_and_back_on_the_same_day_costs_nothing(on, price, other):
    old, new = replace(OLD, price=price, code="a"), replace(NEW, price=other, code="b")
    line = Standing(price, MAY, JUNE)
    there = changed(on, old=old, new=new, line=line)
    between = Standing(there.charge, there.slice.start, there.slice.end)
    back = changed(on, old=new, new=old, line=between)
    assert there.net + back.net == 0


def test_l2_a_line_that_ends_before_its_period_is_changed_to_its_end_only():
    line = Standing(Decimal("10.00"), MAY, date(2026, 5, 11))
    outcome = changed(date(2026, 5, 6), line=line)
    assert (outcome.slice.end, outcome.slice.full_days) == (line.end, 31)
    assert (outcome.credit, outcome.charge) == (Decimal("5.00"), Decimal("10.00"))


def test_l2_after_the_anchor_moved_the_new_price_is_that_of_the_new_grid():
    outcome = changed(date(2026, 5, 20), anchor=date(2026, 5, 15))
    assert (outcome.slice.end, outcome.slice.full_days) == (JUNE, 31)


def test_l2_what_was_credited_of_the_line_is_not_credited_again():
    line = replace(LINE, credited=Decimal("25.00"), credited_days=10)
    assert changed(date(2026, 5, 12), line=line).credit == Decimal("6.00")


def test_l2_discounts_and_tax_are_those_of_each_plan():
    old = replace(OLD, rate=Rate("VAT", Decimal(10), inclusive=True))
    new = replace(NEW, rate=Rate("VAT", Decimal(20), inclusive=False), discounts=(Discount(percent=Decimal(50)),))
    outcome = changed(MAY, old=old, new=new)
    assert (outcome.credit, outcome.charge) == (Decimal("31.00"), Decimal("31.00"))
    assert outcome.net == Decimal("6.20")  # 37.20 with tax less 31.00 that has it in it


def test_l2_two_plans_at_one_price_are_told_apart_by_their_code():
    assert changed(MAY, old=replace(OLD, code="fast"), new=replace(OLD, code="faster")).net == 0


def test_l2_the_same_plan_is_refused():
    with pytest.raises(Refused, match="on this plan already"):
        changed(MAY, new=OLD)


@pytest.mark.parametrize("on", [date(2026, 4, 30), JUNE])
def test_l2_a_day_that_is_not_on_the_line_is_refused(on):
    with pytest.raises(Refused, match="Choose one of its days"):
        changed(on)


def test_l2_the_anchor_after_a_change_without_a_billed_line():
    on = date(2026, 5, 20)
    assert anchor_after(anchor=MAY, old=OLD, new=NEW, on=on) == MAY
    assert anchor_after(anchor=MAY, old=OLD, new=replace(NEW, billing_day=1), on=on) == on
