"""Payments pay the oldest bill first, and nothing is lost (rule M6)."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from billing.rules.allocation import Debt, Share, shares

amounts = st.decimals(Decimal("0.01"), Decimal(1000), places=2)


def debts(*outstanding):
    return [Debt(number, Decimal(amount)) for number, amount in enumerate(outstanding, start=1)]


def test_m6_the_oldest_bill_is_paid_first():
    assert shares(Decimal(25), debts(20, 20)) == [Share(1, Decimal(20)), Share(2, Decimal(5))]


def test_m6_a_named_bill_is_paid_before_the_oldest():
    assert shares(Decimal(25), debts(20, 20, 20), first=3) == [Share(3, Decimal(20)), Share(1, Decimal(5))]


def test_m6_what_the_bills_do_not_take_is_left():
    assert shares(Decimal(100), debts(20)) == [Share(1, Decimal(20))]
    assert shares(Decimal(100), []) == []


@given(amounts, st.lists(amounts, max_size=8), st.none() | st.integers(1, 8))
def test_m7_shares_exceed_neither_the_amount_nor_any_bill(amount, outstanding, first):
    owed = debts(*outstanding)
    parts = shares(amount, owed, first)
    assert sum(part.amount for part in parts) == min(amount, sum(outstanding))
    assert all(0 < part.amount <= outstanding[part.bill_id - 1] for part in parts)
    assert len({part.bill_id for part in parts}) == len(parts)
