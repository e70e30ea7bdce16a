"""Discounts in percent and fixed ones (rule B5)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.discounts import Discount, charged, checked, for_slice, taken_off
from billing.rules.errors import Refused
from billing.rules.money import exponent
from billing.rules.periods import Period
from billing.rules.proration import prorated

START = date(2026, 1, 1)
FULL = Period(START, date(2026, 2, 1), 31)
PART = Period(date(2026, 1, 15), date(2026, 2, 1), 31)

TENTH = Discount(percent=Decimal(10))
FIVE = Discount(fixed=Decimal("5.00"))


@pytest.mark.parametrize(
    ("price", "discounts", "off"),
    [
        ("29.99", [], "0"),
        ("29.99", [TENTH], "3.00"),
        ("29.99", [FIVE], "5.00"),
        ("29.99", [TENTH, FIVE], "8.00"),
        ("29.99", [FIVE, TENTH], "8.00"),
        ("29.99", [TENTH, TENTH], "6.00"),
        ("4.00", [FIVE], "4.00"),
        ("4.00", [Discount(percent=Decimal(100)), FIVE], "4.00"),
        ("0.00", [TENTH, FIVE], "0"),
    ],
)
def test_discounts_take_off_never_more_than_the_price(price, discounts, off):
    assert taken_off(Decimal(price), discounts, "USD") == Decimal(off)


def test_a_fixed_discount_shrinks_with_the_slice():
    assert for_slice(Decimal("29.99"), [FIVE], FULL, "USD") == Decimal("5.00")
    assert charged(Decimal("29.99"), [FIVE], PART, "USD") == Decimal("13.70")  # 24.99 × 17 ÷ 31 = 13.704
    assert for_slice(Decimal("29.99"), [FIVE], PART, "USD") == Decimal("2.75")  # 16.45 - 13.70


@given(
    st.integers(0, 10**7),
    st.lists(
        st.builds(Discount, percent=st.decimals("0.01", 100, places=2))
        | st.builds(Discount, fixed=st.integers(1, 10**5).map(Decimal)),
        max_size=3,
    ),
    st.sampled_from(["JPY", "USD", "BHD"]),
    st.integers(1, 31),
)
def test_a_line_is_the_price_of_the_slice_less_its_discount(units, discounts, currency, days):
    price = Decimal(units).scaleb(-exponent(currency))
    part = Period(START, START + timedelta(days=days), 31)
    off, gross = for_slice(price, discounts, part, currency), prorated(price, part, currency)
    assert 0 <= off <= gross
    assert gross - off == charged(price, discounts, part, currency)
    if days == 31:
        assert off == taken_off(price, discounts, currency)


@pytest.mark.parametrize("discount", [TENTH, FIVE, Discount(percent=Decimal(100)), Discount(fixed=Decimal("29.99"))])
def test_a_discount_can_be(discount):
    assert checked(discount, price=Decimal("29.99"), currency="USD") == discount


@pytest.mark.parametrize(
    ("discount", "message"),
    [
        (Discount(), "one of the two"),
        (Discount(Decimal(10), Decimal(5)), "one of the two"),
        (Discount(percent=Decimal(0)), "more than 0 and at most 100"),
        (Discount(percent=Decimal(-10)), "more than 0 and at most 100"),
        (Discount(percent=Decimal(101)), "more than 0 and at most 100"),
        (Discount(percent=Decimal("NaN")), "more than 0 and at most 100"),
        (Discount(fixed=Decimal(0)), "above zero"),
        (Discount(fixed=Decimal("1.001")), "too many decimals"),
        (Discount(fixed=Decimal("30.00")), "above the price of 29.99"),
    ],
)
def test_a_discount_that_cannot_be_is_refused(discount, message):
    with pytest.raises(Refused, match=message):
        checked(discount, price=Decimal("29.99"), currency="USD")
