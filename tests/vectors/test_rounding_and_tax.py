"""Examples E: rounding, splits, tax and discounts (rules M1, M2, M4)."""

import pytest

from billing.rules.money import rounded
from billing.rules.split import by_weights
from billing.rules.tax import Rate, credited, totals
from tests.vectors.support import USD, case, money

TEN = Rate("VAT 10", money(10), inclusive=False)
TWENTY = Rate("VAT 20", money(20), inclusive=False)


@pytest.mark.parametrize(
    ("amount", "expected"),
    [
        case("E1", "0.125", "0.13"),
        case("E1", "0.135", "0.14"),
        case("E1", "-0.125", "-0.13"),
        case("E2", "2.675", "2.68"),
    ],
)
def test_amounts_are_rounded_half_up(amount, expected):
    assert rounded(money(amount), USD) == money(expected)


def test_e2_a_float_would_have_been_rounded_down():
    assert f"{2.675:.2f}" == "2.67"


@pytest.mark.parametrize(
    ("amount", "weights", "expected"),
    [
        case("E8", "10.00", [1, 1, 1], "3.34 3.33 3.33"),
        case("E10", "-11.06", [1, 1, 1, 1], "-2.77 -2.77 -2.76 -2.76"),
        case("E11", "11.05", [1, 1, 0], "5.53 5.52 0.00"),
    ],
)
def test_splits(amount, weights, expected):
    assert [str(share) for share in by_weights(money(amount), weights, USD)] == expected.split()


def test_e12_a_discount_over_six_fees():
    fees = [money(fee) for fee in "992.90 2997.70 31.30 64.60 31.30 19.99".split()]
    off = by_weights(money("20.00"), fees, USD)
    assert sum(off) == money("20.00")
    sums = totals([(fee - share, TEN) for fee, share in zip(fees, off, strict=True)], USD)
    assert sum(fees) == money("4137.79")
    assert (sums.tax, sums.total) == (money("411.78"), money("4529.57"))


def two_fees():
    """179.00 with 10 %, and 399.00 less 250.00 with 20 %."""
    return totals([(money("179.00"), TEN), (money("399.00") - money("250.00"), TWENTY)], USD)


def test_e17_a_discount_on_one_of_two_rates():
    sums = two_fees()
    assert [one.tax for one in sums.taxes] == [money("17.90"), money("29.80")]
    assert (sums.tax, sums.total) == (money("47.70"), money("375.70"))


def test_e18_a_credit_takes_its_share_of_the_discount_back():
    share, _ = by_weights(money("250.00"), [money("262.60"), money("399.00") - money("262.60")], USD)
    assert share == money("164.54")
    sums = credited([(money("262.60") - share, TWENTY)], two_fees().taxes, USD)
    assert (sums.net, sums.tax, sums.total) == (money("98.06"), money("19.61"), money("117.67"))
