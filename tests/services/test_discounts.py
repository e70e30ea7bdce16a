"""Discounts on a subscription's price (rule B5)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.services import discounts
from tests.builders import at, issue_next, make_plan, make_subscription
from tests.diary import lines, refused, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

APRIL, MAY, JUNE = date(2026, 4, 1), date(2026, 5, 1), date(2026, 6, 1)
NOW = at("2026-04-01")


def subscribed(**changes):
    return make_subscription(plan=make_plan(**{"price": Decimal(30), **changes}), starts_on=APRIL)


def give(subscription, starts_on=APRIL, **how):
    return discounts.give(subscription=subscription, description="Friend", starts_on=starts_on, now=NOW, **how)


def test_b5_percent_and_fixed_come_off_the_price_and_stand_on_the_line():
    subscription = subscribed()
    give(subscription, percent=Decimal(10))
    give(subscription, fixed=Decimal(2))
    line = issue_next(subscription, now=NOW).lines.get()
    assert (line.price, line.discount, line.amount) == (30, 5, 25)


def test_b5_a_discount_counts_for_periods_that_start_from_to():
    subscription = subscribed()
    give(subscription, MAY, ends_on=JUNE, percent=Decimal(50))
    run("2026-04-01")
    for day in ("2026-05-01", "2026-06-01"):
        issue_next(subscription, now=at(day))
    assert [line.split()[2] for line in lines(subscription)] == ["30.00", "15.00", "30.00"]


def test_b5_a_bill_is_never_below_zero_whatever_the_discounts():
    subscription = subscribed()
    give(subscription, percent=Decimal(100))
    give(subscription, fixed=Decimal(30))
    bill = issue_next(subscription, now=NOW)
    assert (bill.total, bill.status, bill.lines.get().discount) == (0, "paid", 30)


def test_b5_a_fixed_discount_shrinks_with_a_part_of_a_period():
    subscription = subscribed(billing_day=16)
    give(subscription, fixed=Decimal(6))
    line = issue_next(subscription, now=NOW).lines.get()
    assert (line.discount, line.amount) == (Decimal("2.91"), Decimal("11.61"))  # 15 of 31 days of 30.00 and 24.00


def test_b5_a_discount_ends_earlier_and_bills_stay_as_they_are():
    subscription = subscribed()
    discount = give(subscription, percent=Decimal(50))
    issue_next(subscription, now=NOW)
    discounts.end(discount=discount, on=MAY)
    issue_next(subscription, now=at("2026-05-01"))
    assert [line.split()[2] for line in lines(subscription)] == ["15.00", "30.00"]


def test_b5_an_end_moves_to_an_earlier_day_only():
    discount = give(subscribed(), percent=Decimal(50), ends_on=JUNE)
    with refused("starts on April 1, 2026. Choose a later end"):
        discounts.end(discount=discount, on=APRIL)
    for day in (JUNE, date(2026, 7, 1)):
        with refused("ends on June 1, 2026 already"):
            discounts.end(discount=discount, on=day)
    discounts.end(discount=discount, on=MAY)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({}, "one of the two"),
        ({"percent": Decimal(1), "fixed": Decimal(1)}, "one of the two"),
        ({"percent": Decimal(0)}, "more than 0 and at most 100"),
        ({"percent": Decimal(-1)}, "more than 0 and at most 100"),
        ({"percent": Decimal(101)}, "more than 0 and at most 100"),
        ({"percent": Decimal("33.33333")}, "too many decimals. Enter at most 4"),
        ({"fixed": Decimal(0)}, "above zero"),
        ({"fixed": Decimal("1.001")}, "too many decimals"),
        ({"fixed": Decimal("30.01")}, "A discount of 30.01 is above the price of 30.00. Enter at most the price"),
        ({"percent": Decimal(1), "ends_on": APRIL}, "would end on April 1, 2026, not after its first day"),
    ],
)
def test_b5_a_discount_is_refused(how, message):
    subscription = subscribed()
    with refused(message):
        give(subscription, **how)


def test_b5_a_discount_says_what_it_is_for():
    subscription = subscribed()
    for text, message in ((" ", "Say what the discount is for"), ("x" * 101, "100 letters")):
        with refused(message):
            discounts.give(subscription=subscription, description=text, starts_on=APRIL, now=NOW, percent=Decimal(1))
