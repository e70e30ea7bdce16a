"""Which bills an amount pays (rule M6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Debt:
    """What is left to pay of one open bill."""

    bill_id: int
    outstanding: Decimal


@dataclass(frozen=True)
class Share:
    """The part of an amount that pays one bill."""

    bill_id: int
    amount: Decimal


def shares(amount: Decimal, debts: Sequence[Debt], first: int | None = None) -> list[Share]:
    """Spread ``amount`` over ``debts``, which come oldest first; bill ``first`` is paid before them.

    What the debts do not take is not in the result: it stays as credit (rule M6).
    """
    in_order = sorted(debts, key=lambda debt: debt.bill_id != first)
    result = []
    for debt in in_order:
        part = min(amount, debt.outstanding)
        if part > 0:
            result.append(Share(debt.bill_id, part))
            amount -= part
    return result
