"""The price of a part of a period, and the credit for an unused part of a billed line (rule M3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.rules.errors import Refused
from billing.rules.money import rounded
from billing.rules.periods import Period


@dataclass(frozen=True)
class Standing:
    """A billed line: its amount for the half-open days ``[start, end)``, and what was credited of it already.

    Amounts are in the currency and as on the line, so before tax where the tax is added.
    """

    amount: Decimal
    start: date
    end: date
    credited: Decimal = Decimal(0)
    credited_days: int = 0

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def left(self) -> Decimal:
        """What can still be credited."""
        return self.amount - self.credited


def prorated(price: Decimal, period: Period, currency: str) -> Decimal:
    """``price × days ÷ days of the full period``, rounded once."""
    return rounded(price * period.days / period.full_days, currency)


def unused(line: Standing, *, start: date, end: date, currency: str) -> Decimal:
    """The credit for the days ``[start, end)`` of a line, none of which was credited before.

    A share of the original line, rounded once and never above what is left of it; with the last
    days that are not credited yet it is exactly what is left.

    Raises:
        Refused: days in impossible order, days outside the line, or more than are left of it.
    """
    if not line.start <= start <= end <= line.end:
        raise Refused(
            "The days from {start} to before {end} are not all on the line, which runs from {start_2} "
            "to before {end_2}. Choose days within it.",
            start=start,
            end=end,
            start_2=line.start,
            end_2=line.end,
        )
    days, days_left = (end - start).days, line.days - line.credited_days
    if days > days_left:
        raise Refused(
            "Only {days_left} of the line's {days} days are not credited yet. Credit no more of them.",
            days_left=days_left,
            days=line.days,
        )
    if days == 0:
        return rounded(Decimal(0), currency)
    if days == days_left:
        return line.left
    return min(rounded(line.amount * days / line.days, currency), line.left)
