"""Amounts are rounded in one place, half up (rule M1)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.errors import Refused
from billing.rules.money import checked_amount, exponent, is_currency, parse_amount, parse_minimum, rounded


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        ("0.125", "USD", "0.13"),
        ("-0.125", "USD", "-0.13"),
        ("0.5", "JPY", "1"),
        ("0.4995", "BHD", "0.500"),
    ],
)
def test_m1_money_is_rounded_half_up_to_the_currencys_decimals(amount, currency, expected):
    assert str(rounded(Decimal(amount), currency)) == expected


def test_m1_decimals_follow_the_currency():
    assert [exponent(currency) for currency in ("JPY", "USD", "BHD")] == [0, 2, 3]


@given(st.decimals(-(10**9), 10**9, places=6), st.sampled_from(["JPY", "USD", "BHD"]))
def test_m1_rounding_moves_an_amount_by_half_a_unit_at_most(amount, currency):
    assert abs(rounded(amount, currency) - amount) <= Decimal(1).scaleb(-exponent(currency)) / 2


@pytest.mark.parametrize("text", ["25", " 25.00 ", "usd 25", "25.00 USD", "25.0USD"])
def test_an_amount_is_read_as_people_write_it(text):
    assert checked_amount(parse_amount(text, "USD"), "USD") == 25


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0", "above zero"),
        ("-5", "above zero"),
        ("0.00", "above zero"),
        ("1.234", "too many decimals"),
        ("EUR 20", "in EUR, but this installation works in USD"),
        ("20 EUR", "in EUR"),
        ("abc", "not an amount"),
        ("", "not an amount"),
        ("1,5", "with a point"),
        ("NaN", "not an amount"),
        ("1e5", "not an amount"),
        ("999999999999", "slip of the keyboard"),
    ],
)
def test_an_amount_that_cannot_be_paid_is_refused_with_what_to_do(text, message):
    with pytest.raises(Refused, match=message):
        checked_amount(parse_amount(text, "USD"), "USD")


@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity")])
def test_what_is_not_a_number_is_refused(amount):
    with pytest.raises(Refused):
        checked_amount(amount, "USD")


def test_currencies_are_known_by_their_iso_code():
    assert is_currency("BDT") and not is_currency("XYZ") and not is_currency("usd")


@pytest.mark.parametrize(
    ("text", "currency", "amount"), [("", "USD", "0"), ("0", "JPY", "0"), ("0.00", "USD", "0"), ("1.5", "USD", "1.50")]
)
def test_e4_a_minimum_may_be_zero(text, currency, amount):
    assert parse_minimum(text, currency) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "currency", "message"),
    [
        ("-1", "USD", "-1 is below zero"),
        ("0.001", "USD", "too many decimals"),
        ("1.5", "JPY", "too many decimals"),
        ("5 EUR", "USD", "Enter it in USD"),
        ("some", "USD", "is not an amount"),
        ("999999999999", "USD", "slip of the keyboard"),
    ],
)
def test_e4_a_minimum_that_cannot_be_is_refused(text, currency, message):
    with pytest.raises(Refused, match=message):
        parse_minimum(text, currency)
