"""The fee on a bill that is paid late (rule B11)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.rules.errors import Refused
from billing.rules.late_fee import LateFee, charged_from


@pytest.mark.parametrize(
    ("text", "currency", "outstanding", "fee"),
    [
        ("0", "USD", "100.00", "0.00"),
        ("0.00", "USD", "100.00", "0.00"),
        ("0%", "USD", "100.00", "0.00"),
        ("5.00", "USD", "100.00", "5.00"),
        ("5", "USD", "0.01", "5.00"),
        ("2%", "USD", "100.00", "2.00"),
        (" 2.5 % ", "USD", "49.99", "1.25"),
        ("100%", "USD", "3.00", "3.00"),
        ("2%", "JPY", "1234", "25"),
        ("0.5", "BHD", "10.000", "0.500"),
        ("5.00", "USD", "0.00", "0.00"),
        ("2%", "USD", "-3.00", "0.00"),
    ],
)
def test_b11_a_fee_is_flat_or_a_percentage_of_what_is_unpaid(text, currency, outstanding, fee):
    assert str(LateFee.parse(text, currency).amount(Decimal(outstanding), currency)) == fee


@pytest.mark.parametrize(("text", "off"), [("0", True), ("0%", True), ("5.00", False), ("2%", False)])
def test_b11_zero_means_off(text, off):
    assert LateFee.parse(text, "USD").is_off is off


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-5", "below zero"),
        ("-2%", "Write a percentage like 2%"),
        ("2.00001%", "Write a percentage like 2%"),
        ("%", "Write a percentage like 2%"),
        ("101%", "Enter 100% or less"),
        ("5.001", "too many decimals"),
        ("EUR 5", "works in USD"),
        ("some", "not an amount"),
        ("", "not an amount"),
    ],
)
def test_b11_a_fee_that_cannot_be_is_refused(text, message):
    with pytest.raises(Refused, match=message):
        LateFee.parse(text, "USD")


def test_b11_a_bill_is_one_day_overdue_on_the_day_after_its_last_day_to_pay():
    assert charged_from(date(2026, 5, 15), 1) == date(2026, 5, 16)
    assert charged_from(date(2026, 5, 15), 10) == date(2026, 5, 25)
    with pytest.raises(Refused, match="before the bill is overdue"):
        charged_from(date(2026, 5, 15), 0)
