"""Parts add up to the whole (rule M2)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.errors import Refused
from billing.rules.money import exponent, rounded
from billing.rules.split import by_days, by_weights

currencies = st.sampled_from(["JPY", "USD", "BHD"])
amounts = st.integers(-(10**9), 10**9)
weights = st.lists(st.integers(0, 400), min_size=1, max_size=12).filter(any)


def money(units, currency):
    return Decimal(units).scaleb(-exponent(currency))


def test_m2_the_remainder_goes_to_the_last_slice():
    parts = by_days(Decimal("19.95"), [6, 5, 19], "USD")
    assert parts == [Decimal("3.99"), Decimal("3.33"), Decimal("12.63")]


def test_m2_a_cent_over_many_days_is_not_more_than_a_cent_with_a_refund_at_the_end():
    assert by_days(Decimal("0.02"), [1, 1, 1, 1], "USD") == [Decimal(part) for part in ("0.01", "0.01", "0", "0")]


@pytest.mark.parametrize("split", [by_days, by_weights])
@given(units=amounts, parts=weights, currency=currencies)
def test_m2_every_split_conserves_to_the_last_decimal(split, units, parts, currency):
    amount = money(units, currency)
    shares = split(amount, parts, currency)
    assert sum(shares) == amount
    assert len(shares) == len(parts)
    assert all(share == rounded(share, currency) for share in shares)
    assert all(share * amount >= 0 for share in shares)


@given(amounts, weights, currencies)
def test_m2_by_weights_no_part_is_a_whole_unit_off_its_share(units, parts, currency):
    shares = by_weights(money(units, currency), parts, currency)
    for share, weight in zip(shares, parts, strict=True):
        assert abs(share.scaleb(exponent(currency)) * sum(parts) - units * weight) < sum(parts)


@pytest.mark.parametrize("split", [by_days, by_weights])
@pytest.mark.parametrize(
    ("amount", "parts", "message"),
    [
        ("1.001", [1, 1], "too many decimals: USD has 2"),
        ("1.00", [], "cannot be split"),
        ("1.00", [0, 0], "at least one above zero"),
        ("1.00", [2, -1], "parts of zero or more"),
    ],
)
def test_m2_what_cannot_be_split_is_refused(split, amount, parts, message):
    with pytest.raises(Refused, match=message):
        split(Decimal(amount), parts, "USD")
