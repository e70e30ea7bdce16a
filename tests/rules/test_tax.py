"""Tax is taken per rate on the sum of the lines, and every sum is exact (rule M4)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.errors import Refused
from billing.rules.money import exponent, rounded
from billing.rules.tax import Rate, TaxTotal, checked_percent, credited, totals

ADDED = Rate("VAT 20", Decimal(20), inclusive=False)
CONTAINED = Rate("VAT 20", Decimal(20), inclusive=True)

currencies = st.sampled_from(["JPY", "USD", "BHD"])
percents = st.decimals(0, 100, places=2)
rates = st.none() | st.builds(Rate, st.just("a tax"), percents, st.booleans())
documents = st.lists(st.tuples(st.integers(0, 10**7), rates), max_size=8)


def lines_of(document, currency):
    return [(Decimal(units).scaleb(-exponent(currency)), rate) for units, rate in document]


@pytest.mark.parametrize(
    ("rate", "net", "tax", "total"),
    [(ADDED, "100.00", "20.00", "120.00"), (CONTAINED, "83.33", "16.67", "100.00"), (None, "100.00", "0", "100.00")],
)
def test_m4_a_line_of_100(rate, net, tax, total):
    sums = totals([(Decimal("100.00"), rate)], "USD")
    assert (sums.net, sums.tax, sums.total) == (Decimal(net), Decimal(tax), Decimal(total))


def test_m4_tax_is_taken_on_the_sum_not_line_by_line():
    assert totals([(Decimal("0.02"), ADDED)] * 5, "USD").tax == Decimal("0.02")


def test_m4_rates_of_the_same_percentage_are_apart_when_one_is_contained():
    sums = totals([(Decimal(10), ADDED), (Decimal(10), CONTAINED), (Decimal(10), ADDED)], "USD")
    assert [(one.rate, one.base) for one in sums.taxes] == [(ADDED, Decimal(20)), (CONTAINED, Decimal("8.33"))]


def test_m4_a_document_without_lines_comes_to_nothing():
    sums = totals([], "USD")
    assert (sums.net, sums.tax, sums.total, sums.taxes) == (0, 0, 0, ())


@given(documents, currencies)
def test_m4_every_sum_is_exact(document, currency):
    lines = lines_of(document, currency)
    sums = totals(lines, currency)
    assert sums.total == sums.net + sums.tax
    assert sums.tax == sum(one.tax for one in sums.taxes)
    assert sums.net == sum(one.base for one in sums.taxes) + sum(amount for amount, rate in lines if rate is None)
    for one in sums.taxes:
        assert one.lines == sum(amount for amount, rate in lines if rate == one.rate)
        assert abs(one.tax - one.base * one.rate.percent / 100) <= Decimal(1).scaleb(-exponent(currency))
        assert (one.base, one.tax) == (rounded(one.base, currency), rounded(one.tax, currency))


@given(documents, currencies, st.integers(1, 4))
def test_m4_a_bill_taken_back_in_parts_is_taken_back_exactly(document, currency, parts):
    lines = lines_of(document, currency)
    bill = totals(lines, currency)
    left, total = {one.rate: one for one in bill.taxes}, Decimal(0)
    for place in range(parts):
        note = credited(lines[place::parts], left.values(), currency)
        total += note.total
        for one in note.taxes:
            before = left[one.rate]
            left[one.rate] = TaxTotal(one.rate, before.base - one.base, before.tax - one.tax)
            assert left[one.rate].base >= 0 and left[one.rate].tax >= 0
    assert total == bill.total
    assert all((one.base, one.tax) == (0, 0) for one in left.values())


@pytest.mark.parametrize("rate", [ADDED, CONTAINED])
def test_m4_more_than_is_left_of_a_rate_is_refused(rate):
    left = totals([(Decimal("10.00"), rate)], "USD").taxes
    with pytest.raises(Refused, match=r"10.01 with VAT 20 is more than the 10.00 that is left"):
        credited([(Decimal("10.01"), rate)], left, "USD")


def test_m4_a_rate_that_is_not_on_the_bill_is_refused():
    with pytest.raises(Refused, match="more than the 0 that is left"):
        credited([(Decimal("10.00"), ADDED)], [], "USD")


@pytest.mark.parametrize("percent", ["0", "100", "8.875", "23.33", "5.0000"])
def test_a_tax_rate_can_be(percent):
    assert checked_percent(Decimal(percent)) == Decimal(percent)


@pytest.mark.parametrize(
    ("percent", "message"),
    [
        ("-1", "Enter 0 to 100"),
        ("101", "Enter 0 to 100"),
        ("NaN", "Enter 0 to 100"),
        ("Infinity", "Enter 0 to 100"),
        ("1.00001", "too many decimals"),
    ],
)
def test_a_tax_rate_that_cannot_be_is_refused(percent, message):
    with pytest.raises(Refused, match=message):
        checked_percent(Decimal(percent))
