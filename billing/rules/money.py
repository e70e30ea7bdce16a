"""Amounts of money: the only place where anything is rounded or read from text (rule M1)."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel.core import get_global
from babel.numbers import get_currency_precision

from billing.rules.errors import Refused

MAX_AMOUNT = Decimal("99999999999")
_AMOUNT = re.compile(r"(?:(?P<before>[A-Za-z]{3})\s*)?(?P<number>[-+]?\d+(?:\.\d+)?)(?:\s*(?P<after>[A-Za-z]{3}))?")


def is_currency(code: str) -> bool:
    """Whether ``code`` is an ISO 4217 code, such as USD."""
    return code in get_global("all_currencies")


def exponent(currency: str) -> int:
    """Decimals of the currency: 0 for JPY, 2 for USD, 3 for BHD."""
    return int(get_currency_precision(currency))


def rounded(amount: Decimal, currency: str) -> Decimal:
    """``amount`` rounded half up, away from zero, to the currency's decimals (rule M1)."""
    return amount.quantize(smallest(currency), rounding=ROUND_HALF_UP)


@lru_cache
def smallest(currency: str) -> Decimal:
    """The smallest amount above zero: 0.01 for USD, 1 for JPY."""
    return Decimal(1).scaleb(-exponent(currency))


def parse_amount(text: str, currency: str) -> Decimal:
    """The amount that a person typed, such as ``25``, ``25.50`` or ``USD 25.50``.

    Raises:
        Refused: it is not a number, or names another currency than ``currency``.
    """
    match = _AMOUNT.fullmatch(text.strip())
    if not match:
        raise Refused(
            "“{text}” is not an amount. Write it like {currency}, with a point for decimals.",
            text=text.strip(),
            currency=example(currency),
        )
    named = (match["before"] or match["after"] or currency).upper()
    if named != currency:
        raise Refused(
            "The amount is in {named}, but this installation works in {currency}. Enter it in {currency}.",
            named=named,
            currency=currency,
        )
    return Decimal(match["number"])


def checked_amount(amount: Decimal, currency: str) -> Decimal:
    """``amount`` if it can be paid in ``currency``: above zero and with no decimals too many.

    Raises:
        Refused: zero, negative, too large or too precise.
    """
    if not amount.is_finite() or amount <= 0:
        raise Refused("The amount must be above zero.")
    if amount > MAX_AMOUNT:
        raise Refused("The amount is above {max_amount}. Check it for a slip of the keyboard.", max_amount=MAX_AMOUNT)
    if amount != rounded(amount, currency):
        decimals = exponent(currency)
        raise Refused(
            "{amount} has too many decimals: {currency} has {decimals}. Write it like {currency_2}.",
            amount=amount,
            currency=currency,
            decimals=decimals,
            currency_2=example(currency),
        )
    return rounded(amount, currency)


def parse_minimum(text: str, currency: str) -> Decimal:
    """The amount of a setting that may be zero, such as the debt up to which nobody is cut (rule E4).

    Raises:
        Refused: it is not a number, below zero, too large or too precise.
    """
    amount = parse_amount(text or "0", currency)
    if amount < 0:
        raise Refused("{amount} is below zero.", amount=amount)
    return checked_amount(amount, currency) if amount else amount


def example(currency: str) -> str:
    """An amount as it should be typed in this currency, to be shown in errors."""
    return str(Decimal(25).quantize(smallest(currency)))
