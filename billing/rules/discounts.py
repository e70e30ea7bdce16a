"""Percent and fixed discounts on a plan's price (rule B5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from billing.rules.errors import Refused
from billing.rules.money import checked_amount, rounded
from billing.rules.periods import Period
from billing.rules.proration import prorated
from billing.rules.tax import PERCENT_DECIMALS


@dataclass(frozen=True)
class Discount:
    """Either ``percent`` of the price (10 is 10 %) or a ``fixed`` amount per full period."""

    percent: Decimal | None = None
    fixed: Decimal | None = None

    def of(self, price: Decimal) -> Decimal:
        """What it takes off the price of a full period, not rounded."""
        return price * (self.percent or 0) / 100 + (self.fixed or 0)


def taken_off(price: Decimal, discounts: Sequence[Discount], currency: str) -> Decimal:
    """What all discounts together take off the price of a full period, never more than the price.

    Each percentage is one of the undiscounted price, so that their order does not matter.
    """
    return min(rounded(sum((discount.of(price) for discount in discounts), Decimal(0)), currency), price)


def for_slice(price: Decimal, discounts: Sequence[Discount], period: Period, currency: str) -> Decimal:
    """What the discounts take off a slice: the line costs ``prorated(price, …)`` less this.

    That is the slice's share of the discounted price, rounded once (rule M3), so a fixed
    discount shrinks with the slice as the price does.
    """
    return prorated(price, period, currency) - charged(price, discounts, period, currency)


def charged(price: Decimal, discounts: Sequence[Discount], period: Period, currency: str) -> Decimal:
    """The amount of a line for a slice: its share of the price after discounts."""
    return prorated(price - taken_off(price, discounts, currency), period, currency)


def checked(discount: Discount, *, price: Decimal, currency: str) -> Discount:
    """``discount`` if it can be given on a plan of ``price``.

    Raises:
        Refused: both kinds or none, a percentage that is not above 0 and up to 100, a fixed amount
            that is not above zero or above the price, or either of them too precise.
    """
    if (discount.percent is None) == (discount.fixed is None):
        raise Refused("Enter a discount in percent or a fixed one: one of the two.")
    if discount.percent is not None and not (discount.percent.is_finite() and 0 < discount.percent <= 100):
        raise Refused(
            "A discount of {percent} % cannot be given. Enter more than 0 and at most 100.", percent=discount.percent
        )
    if discount.percent is not None and discount.percent != round(discount.percent, PERCENT_DECIMALS):
        raise Refused(
            "{percent} % has too many decimals. Enter at most {percent_decimals}.",
            percent=discount.percent,
            percent_decimals=PERCENT_DECIMALS,
        )
    if discount.fixed is not None and checked_amount(discount.fixed, currency) > price:
        raise Refused(
            "A discount of {fixed} is above the price of {price}. Enter at most the price.",
            fixed=discount.fixed,
            price=rounded(price, currency),
        )
    return discount
