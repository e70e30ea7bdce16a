"""An amount in parts that add up to it, to the currency's last decimal (rule M2)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from billing.rules.errors import Refused
from billing.rules.money import exponent, rounded, smallest


def by_days(amount: Decimal, days: Sequence[int], currency: str) -> list[Decimal]:
    """One part per slice of ``days``: each its share rounded half up, the last one what remains.

    No part takes more than is left of the amount, so that the last one keeps its sign.

    Raises:
        Refused: no day at all, a negative number of days, or an amount with too many decimals.
    """
    total = _total(amount, days, currency)
    left, parts = rounded(abs(amount), currency), []
    for count in days[:-1]:
        part = min(rounded(abs(amount) * count / total, currency), left)
        left -= part
        parts.append(part)
    return _signed([*parts, left], amount)


def by_weights(amount: Decimal, weights: Sequence[Decimal | int], currency: str) -> list[Decimal]:
    """One part per weight; the units that rounding leaves go to the largest remainders, ties to the earliest.

    Raises:
        Refused: no weight above zero, a negative one, or an amount with too many decimals.
    """
    total = _total(amount, weights, currency)
    unit = smallest(currency)
    units = int(abs(amount) / unit)
    shares = [divmod(units * weight, total) for weight in map(Decimal, weights)]
    most_cut_off = sorted(range(len(shares)), key=lambda place: -shares[place][1])
    extra = set(most_cut_off[: units - sum(int(whole) for whole, _ in shares)])
    return _signed([(whole + (place in extra)) * unit for place, (whole, _) in enumerate(shares)], amount)


def _total(amount: Decimal, weights: Sequence[Decimal | int], currency: str) -> Decimal:
    if amount != rounded(amount, currency):
        raise Refused(
            "{amount} has too many decimals: {currency} has {exponent}. Round it first.",
            amount=amount,
            currency=currency,
            exponent=exponent(currency),
        )
    if not any(weights) or min(weights) < 0:
        raise Refused("The amount cannot be split: give parts of zero or more, and at least one above zero.")
    return sum(map(Decimal, weights), Decimal(0))


def _signed(parts: Sequence[Decimal], amount: Decimal) -> list[Decimal]:
    return [-part for part in parts] if amount < 0 else list(parts)
