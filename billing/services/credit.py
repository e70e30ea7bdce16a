"""Spread a customer's money over the open bills (rules M6, M7, E3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing.models import Allocation, Bill, Payment
from billing.rules.allocation import Debt, shares


def apply(payments: Sequence[Payment], bills: Sequence[Bill], *, now: datetime, first: Bill | None = None) -> None:
    """Allocate what is left of ``payments`` to the open ``bills``, both locked and oldest first.

    PostgreSQL adds every allocation to its bill and payment and refuses one too much.
    """
    debts = [Debt(bill.pk, bill.outstanding) for bill in bills]
    for payment in payments:
        parts = shares(payment.credit, debts, first.pk if first else None)
        Allocation.objects.bulk_create(
            Allocation(payment=payment, bill_id=part.bill_id, amount=part.amount, allocated_at=now) for part in parts
        )
        paid = {part.bill_id: part.amount for part in parts}
        debts = [Debt(debt.bill_id, debt.outstanding - paid.get(debt.bill_id, 0)) for debt in debts]
