"""Counts, amounts and dates in plain text, for logs, summaries, commands and sentences for staff."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from babel.core import Locale, UnknownLocaleError
from babel.numbers import format_currency, get_currency_symbol
from django.conf import settings
from django.utils import formats
from django.utils.translation import get_language, ngettext, override
from django.utils.translation import gettext as _

from billing.rules.money import rounded
from billing.services import clock

# Of Unicode's bidirectional algorithm: what stands between them is set apart, in a direction of its own.
RIGHT_TO_LEFT, ISOLATE, END = "\u2067", "\u2068", "\u2069"
RIGHT_TO_LEFT_MARK, NO_BREAK = "\u200f", "\xa0"


def counted(count: int, noun: str) -> str:
    """Such as “1 bill” and “1,200 bills”, in the language of the reader; ``noun`` takes an s for many in English."""
    text = ngettext(f"{{count}} {noun}", f"{{count}} {noun}s", count)
    return text.format(count=f"{count:,}")


def rhythm(count: int, unit: str) -> str:
    """Such as “month” and “3 months”, after “every”; ``unit`` is day, week, month or year."""
    words = {
        "day": ngettext("day", "{count} days", count),
        "week": ngettext("week", "{count} weeks", count),
        "month": ngettext("month", "{count} months", count),
        "year": ngettext("year", "{count} years", count),
    }
    return words[unit].format(count=count)


def day_of_reminder(days: int) -> str:
    """Such as “3 days after the due date”; before it for days below zero."""
    if days == 0:
        return _("on the due date")
    if days > 0:
        return ngettext("{count} day after the due date", "{count} days after the due date", days).format(count=days)
    return ngettext("{count} day before the due date", "{count} days before the due date", -days).format(count=-days)


def plain(amount: Decimal) -> str:
    """An amount in the installation's currency, such as “20,000.00”."""
    return f"{rounded(amount, settings.CURRENCY):,}"


def money(amount: Decimal) -> str:
    """An amount with its currency, such as “20,000.00 USD”."""
    return f"{plain(amount)} {settings.CURRENCY}"


def price(amount: Decimal, currency: str = "") -> str:
    """An amount with its currency as the reader's language writes it, such as ``$25.00``.

    From right to left the figure, its currency and both of them are isolated: no text around them turns them round.
    """
    currency, locale = currency or settings.CURRENCY, _locale()
    written = str(format_currency(amount, currency, locale=locale))
    if locale.text_direction == "ltr":
        return written
    symbol = get_currency_symbol(currency, locale)
    figure = written.replace(symbol, "").strip(f"{RIGHT_TO_LEFT_MARK}{NO_BREAK}")
    return f"{RIGHT_TO_LEFT}{ISOLATE}{figure}{END}{NO_BREAK}{ISOLATE}{symbol}{END}{END}"


def of_the_books() -> override:
    """While this lasts, texts are those that are stored: in LANGUAGE_CODE, whoever clicked (decision 36)."""
    return override(settings.LANGUAGE_CODE)


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
