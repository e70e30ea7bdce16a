"""The fee on a bill that is paid late (rule B11)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from billing.rules.errors import Refused
from billing.rules.money import checked_amount, example, parse_amount, rounded

_PERCENT = re.compile(r"(\d+(?:\.\d{1,4})?)\s*%")


@dataclass(frozen=True)
class LateFee:
    """A ``flat`` amount or ``percent`` of what is unpaid (2 is 2 %); neither when fees are off."""

    flat: Decimal | None = None
    percent: Decimal | None = None

    @classmethod
    def parse(cls, text: str, currency: str) -> LateFee:
        """The fee as it stands in the settings: ``0`` (off), ``5.00`` or ``2%``.

        Raises:
            Refused: it is neither, too precise, or above 100 %.
        """
        text = text.strip()
        if match := _PERCENT.fullmatch(text):
            percent = Decimal(match[1])
            if percent > 100:
                raise Refused("A late fee of {text} is above 100 %. Enter 100% or less.", text=text)
            return cls(percent=percent) if percent else cls()
        if "%" in text:
            raise Refused("“{text}” is not a late fee. Write a percentage like 2% or 2.5%.", text=text)
        flat = parse_amount(text, currency)
        if flat < 0:
            raise Refused(
                "A late fee of {text} is below zero. Enter 0 for none, {currency} or 2%.",
                text=text,
                currency=example(currency),
            )
        return cls(flat=checked_amount(flat, currency)) if flat else cls()

    @property
    def is_off(self) -> bool:
        return self.flat is None and self.percent is None

    def amount(self, outstanding: Decimal, currency: str) -> Decimal:
        """The fee on a bill of which ``outstanding`` is unpaid; zero when nothing is."""
        if outstanding <= 0:
            return rounded(Decimal(0), currency)
        return rounded(self.flat or outstanding * (self.percent or 0) / 100, currency)


def charged_from(due_on: date, days: int) -> date:
    """The day on which a bill is ``days`` days overdue: ``due_on`` is its last day to pay, inclusive (rule B3).

    Raises:
        Refused: less than one day, when it could still be paid in time.
    """
    if days < 1:
        raise Refused("A late fee after {days} days would come before the bill is overdue. Enter 1 or more.", days=days)
    return due_on + timedelta(days=days)
