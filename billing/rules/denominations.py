"""The notes and coins of currencies, the largest first, by which a drawer is counted piece by piece."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from billing.rules.errors import Refused

MOST_PIECES = 100_000
_CENTS_OF_EUROPE = "0.50 0.20 0.10 0.05 0.02 0.01"
_OF = {
    "BDT": "1000 500 200 100 50 20 10 5 2 1",
    "BRL": "200 100 50 20 10 5 2 1 0.50 0.25 0.10 0.05",
    "CHF": "1000 200 100 50 20 10 5 2 1 0.50 0.20 0.10 0.05",
    "EUR": f"500 200 100 50 20 10 5 2 1 {_CENTS_OF_EUROPE}",
    "GBP": f"50 20 10 5 2 1 {_CENTS_OF_EUROPE}",
    "IDR": "100000 50000 20000 10000 5000 2000 1000 500 200 100",
    "INR": "500 200 100 50 20 10 5 2 1",
    "JPY": "10000 5000 2000 1000 500 100 50 10 5 1",
    "KES": "1000 500 200 100 50 40 20 10 5 1",
    "MXN": "1000 500 200 100 50 20 10 5 2 1 0.50",
    "NGN": "1000 500 200 100 50 20 10 5",
    "PHP": "1000 500 200 100 50 20 10 5 1 0.25",
    "PKR": "5000 1000 500 100 50 20 10 5 2 1",
    "PLN": f"500 200 100 50 20 10 5 2 1 {_CENTS_OF_EUROPE}",
    "TZS": "10000 5000 2000 1000 500 200 100 50",
    "UGX": "50000 20000 10000 5000 2000 1000 500 200 100 50",
    "USD": "100 50 20 10 5 2 1 0.50 0.25 0.10 0.05 0.01",
    "ZAR": "200 100 50 20 10 5 2 1 0.50 0.20 0.10",
}


def of(currency: str) -> tuple[Decimal, ...]:
    """The notes and coins of a currency; none where we do not know them, and only the whole amount is counted."""
    return tuple(map(Decimal, _OF.get(currency, "").split()))


def total(pieces: Mapping[str, int], currency: str) -> Decimal:
    """What so many pieces come to, by the value of each.

    Raises:
        Refused: a value that the currency does not have, or a number of pieces that cannot be.
    """
    known = {str(value) for value in of(currency)}
    for value, count in pieces.items():
        if value not in known or not 0 <= count <= MOST_PIECES:
            raise Refused(
                "{count} × {value} cannot be in a drawer of {currency}. Count again.",
                count=count,
                value=value,
                currency=currency,
            )
    return sum((Decimal(value) * count for value, count in pieces.items()), Decimal(0))
