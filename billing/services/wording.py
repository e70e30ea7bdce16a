"""Days, counts and amounts in plain text, for messages, logs, summaries and commands."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.conf import settings
from django.utils import formats

from billing.rules.money import rounded


def day(value: date) -> str:
    """A day as staff read it, such as “May 1, 2026”."""
    return formats.date_format(value, "DATE_FORMAT")


def counted(count: int, noun: str) -> str:
    """Such as “1 bill” and “1,200 bills”."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def plain(amount: Decimal) -> str:
    """An amount in the installation's currency, such as “20,000.00”."""
    return f"{rounded(amount, settings.CURRENCY):,}"


def money(amount: Decimal) -> str:
    """An amount with its currency, such as “20,000.00 USD”."""
    return f"{plain(amount)} {settings.CURRENCY}"
