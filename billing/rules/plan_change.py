"""What it costs to change the plan (rule L2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.rules.discounts import Discount, charged
from billing.rules.errors import Refused
from billing.rules.periods import Interval, Period, Schedule
from billing.rules.proration import Standing, unused
from billing.rules.tax import Rate, totals


@dataclass(frozen=True)
class Offer:
    """A plan as one subscription has it: price of a full period, its grid, discounts and tax.

    ``code`` tells plans apart that cost the same, such as two speeds at one price.
    """

    price: Decimal
    interval: Interval
    billing_day: int | None
    discounts: Sequence[Discount] = ()
    rate: Rate | None = None
    code: str = ""

    def schedule(self, anchor: date) -> Schedule:
        return Schedule(anchor, self.interval, self.billing_day)


@dataclass(frozen=True)
class PlanChange:
    """The outcome of a change: two lines and the grid that follows.

    ``credit`` for the unused days of the old line and ``charge`` for ``slice`` on the new plan
    are line amounts. ``net`` is what the customer owes for both with tax; below zero it is
    credit for bills to come. ``anchor`` is that of the periods from now on.
    """

    credit: Decimal
    charge: Decimal
    anchor: date
    slice: Period
    net: Decimal


def change(*, line: Standing, anchor: date, old: Offer, new: Offer, on: date, currency: str) -> PlanChange:
    """Change from ``old`` to ``new`` on a day of a billed line; the day belongs to the new plan (rule T2).

    On the same grid the new plan takes over the line's remaining days; on another grid it
    starts with a period of its own.

    Raises:
        Refused: the plan is the same, or the day is not on the line.
    """
    if new == old:
        raise Refused("The subscription is on this plan already. Choose another one.")
    if not line.start <= on < line.end:
        raise Refused(
            "{on} is not on the line to change, which runs from {start} to before {end}. Choose one of its days.",
            on=on,
            start=line.start,
            end=line.end,
        )
    credit = unused(line, start=on, end=line.end, currency=currency)
    anchor_then = anchor_after(anchor=anchor, old=old, new=new, on=on)
    until = line.end if _same_grid(old, new) else None
    part = new.schedule(anchor_then).slice_from(on, until)
    charge = charged(new.price, new.discounts, part, currency)
    net = totals([(charge, new.rate)], currency).total - totals([(credit, old.rate)], currency).total
    return PlanChange(credit, charge, anchor_then, part, net)


preview = change  # what staff are shown before they confirm is what is then done


def anchor_after(*, anchor: date, old: Offer, new: Offer, on: date) -> date:
    """The anchor from ``on``: the old one when both plans have the same grid, otherwise ``on``."""
    return anchor if _same_grid(old, new) else on


def _same_grid(old: Offer, new: Offer) -> bool:
    return (old.interval, old.billing_day) == (new.interval, new.billing_day)
