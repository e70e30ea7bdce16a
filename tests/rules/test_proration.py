"""The price of a part of a period, and the credit for a part of a line (rule M3)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.errors import Refused
from billing.rules.money import exponent, rounded
from billing.rules.periods import Interval, Period, Schedule, Unit
from billing.rules.proration import Standing, prorated, unused

MONTHLY = Interval(1, Unit.MONTH)
START = date(2026, 3, 1)

currencies = st.sampled_from(["JPY", "USD", "BHD"])


def day(number):
    """Day ``number`` of a line, counted from 0."""
    return START + timedelta(days=number)


def line(amount, days, **credited):
    return Standing(Decimal(amount), START, day(days), **credited)


@pytest.mark.parametrize(
    ("price", "currency", "expected"),
    [("199.99", "USD", "109.67"), ("1999", "JPY", "1096"), ("19.999", "BHD", "10.967")],
)
def test_m3_seventeen_of_thirty_one_days(price, currency, expected):
    period = Period(date(2026, 1, 15), date(2026, 2, 1), full_days=31)
    assert str(prorated(Decimal(price), period, currency)) == expected


@given(st.decimals(0, 10**6, places=2), st.dates(date(2020, 1, 1), date(2030, 1, 1)))
def test_m3_a_full_period_costs_the_price(price, start):
    assert prorated(price, Schedule(start, MONTHLY).period(3), "USD") == price


@given(st.integers(0, 10**7), currencies, st.integers(1, 366), st.integers(0, 366))
def test_m3_a_part_never_costs_more_than_the_whole_nor_less_than_a_smaller_part(units, currency, full_days, days):
    price = Decimal(units).scaleb(-exponent(currency))
    days = min(days, full_days - 1)
    smaller, larger = (prorated(price, Period(START, day(n), full_days), currency) for n in (days, days + 1))
    assert 0 <= smaller <= larger <= price


@given(st.integers(0, 10**7), currencies, st.lists(st.integers(0, 40), min_size=1, max_size=8).filter(any))
def test_m3_credits_in_any_number_of_parts_come_to_the_line_exactly_and_never_above(units, currency, parts):
    amount = Decimal(units).scaleb(-exponent(currency))
    standing = line(amount, sum(parts))
    for days in parts:
        credit = unused(standing, start=START, end=day(days), currency=currency)
        assert 0 <= credit <= standing.left
        assert credit == rounded(credit, currency)
        standing = line(
            amount, sum(parts), credited=standing.credited + credit, credited_days=standing.credited_days + days
        )
    assert standing.left == 0


def test_m3_credit_is_a_share_of_the_original_line_not_of_what_is_left():
    standing = line("30.00", 30, credited=Decimal("20.00"), credited_days=10)
    assert unused(standing, start=day(25), end=day(30), currency="USD") == Decimal("5.00")


def test_m3_credit_is_never_above_what_is_left():
    standing = line("30.00", 30, credited=Decimal("29.00"), credited_days=5)
    assert unused(standing, start=day(20), end=day(30), currency="USD") == Decimal("1.00")


def test_m3_no_day_is_no_credit():
    assert unused(line("30.00", 30), start=day(30), end=day(30), currency="USD") == 0


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [(-1, 5, "not all on the line"), (5, 31, "not all on the line"), (6, 5, "Choose days within it")],
)
def test_m3_days_that_are_not_on_the_line_are_refused(start, end, message):
    with pytest.raises(Refused, match=message):
        unused(line("30.00", 30), start=day(start), end=day(end), currency="USD")


def test_m3_days_that_are_credited_already_are_refused():
    with pytest.raises(Refused, match="Only 3 of the line's 30 days are not credited yet"):
        unused(line("30.00", 30, credited=Decimal(27), credited_days=27), start=day(0), end=day(4), currency="USD")
