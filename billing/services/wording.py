"""Counts, amounts and dates in plain text, for logs, summaries, commands and sentences for staff."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency
from django.conf import settings
from django.utils import formats
from django.utils.translation import get_language

from billing.rules.money import rounded
from billing.services import clock


def counted(count: int, noun: str) -> str:
    """Such as “1 bill” and “1,200 bills”."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def plain(amount: Decimal) -> str:
    """An amount in the installation's currency, such as “20,000.00”."""
    return f"{rounded(amount, settings.CURRENCY):,}"


def money(amount: Decimal) -> str:
    """An amount with its currency, such as “20,000.00 USD”."""
    return f"{plain(amount)} {settings.CURRENCY}"


def price(amount: Decimal, currency: str = "") -> str:
    """An amount with its currency as the reader's language writes it, such as ``$25.00``."""
    return str(format_currency(amount, currency or settings.CURRENCY, locale=_locale()))


def day(value: date) -> str:
    """A day as the reader's language writes it, such as “May 1, 2026”."""
    return formats.date_format(value, "DATE_FORMAT")


def instant(value: datetime) -> str:
    """An instant in the installation's zone, as the reader's language writes it."""
    return formats.date_format(value.astimezone(clock.zone()), "DATETIME_FORMAT")


def _locale() -> Locale:
    try:
        return Locale.parse(get_language() or "en", sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")
