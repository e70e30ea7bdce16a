"""Spread a customer's money over the open bills, and take it back (rules M6, M7, M8, E3).

PostgreSQL adds every allocation to its bill and its source and refuses one too much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Sum

from billing.models import Allocation, Bill, CreditNote, Payment
from billing.rules.allocation import Debt, shares

# Oldest first; a credit note pays the bill that it corrects before others.
_SOURCES = """
    SELECT customer_id, id, NULL::bigint, amount - allocated - returned, received_at AS since, NULL::bigint
    FROM billing_payment WHERE customer_id = ANY(%(customers)s) AND amount > allocated + returned
    UNION ALL
    SELECT customer_id, NULL, id, total - allocated - returned, issued_at, bill_id
    FROM billing_creditnote WHERE customer_id = ANY(%(customers)s) AND total > allocated + returned
    ORDER BY since, 3 NULLS LAST, 2
"""
_DEBTS = """
    SELECT customer_id, id, total - allocated FROM billing_bill
    WHERE customer_id = ANY(%s) AND status = 'open' ORDER BY due_on, id
"""


class Source(NamedTuple):
    """What is left of one payment or one credit note."""

    customer_id: int
    payment_id: int | None
    credit_note_id: int | None
    left: Decimal
    since: datetime
    corrects: int | None


def apply(customer_ids: Collection[int], *, now: datetime, first: Bill | None = None) -> None:
    """Pay the open bills of locked customers from their payments and credit notes, the oldest bill
    first, or ``first`` before it."""
    sources = _sources(customer_ids)
    if not sources:
        return
    debts = _debts({source.customer_id for source in sources})
    parts: list[Allocation] = []
    for source in sources:
        owed = debts[source.customer_id]
        named = source.corrects or (first.pk if first else None)
        for share in shares(source.left, [Debt(bill_id, left) for bill_id, left in owed.items()], named):
            owed[share.bill_id] -= share.amount
            parts.append(_allocation(source, share.bill_id, share.amount, now))
    if parts:
        Allocation.objects.bulk_create(parts)


def release(source: Payment | CreditNote, amount: Decimal, *, now: datetime) -> None:
    """Take ``amount`` of a locked customer's payment or credit note back from the bills it pays, the newest first.

    A credit note goes on paying the bill that it corrects.
    """
    corrects = source.bill_id if isinstance(source, CreditNote) else None
    found = source.allocations.exclude(bill=corrects).values("bill_id").annotate(paid=Sum("amount")).filter(paid__gt=0)
    taken: list[Allocation] = []
    for row in found.order_by("-bill__due_on", "-bill_id"):
        part = min(amount, row["paid"])
        if part > 0:
            taken.append(_part_of(source, row["bill_id"], -part, now))
            amount -= part
    Allocation.objects.bulk_create(taken)


def release_bill(bill: Bill, *, now: datetime) -> None:
    """Take back all that was allocated to a bill; it is the customer's credit again."""
    paid = bill.allocations.values("payment_id", "credit_note_id").annotate(paid=Sum("amount")).filter(paid__gt=0)
    Allocation.objects.bulk_create(
        Allocation(
            payment_id=row["payment_id"],
            credit_note_id=row["credit_note_id"],
            bill=bill,
            amount=-row["paid"],
            allocated_at=now,
        )
        for row in paid.order_by("payment_id", "credit_note_id")
    )


def _sources(customer_ids: Collection[int]) -> list[Source]:
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES, {"customers": list(customer_ids)})
        return [Source(*row) for row in cursor.fetchall()]


def _debts(customer_ids: Iterable[int]) -> dict[int, dict[int, Decimal]]:
    """What is left to pay of each open bill, by customer, the oldest due date first."""
    debts: dict[int, dict[int, Decimal]] = defaultdict(dict)
    with connection.cursor() as cursor:
        cursor.execute(_DEBTS, [list(customer_ids)])
        for customer_id, bill_id, left in cursor.fetchall():
            debts[customer_id][bill_id] = left
    return debts


def _allocation(source: Source, bill_id: int, amount: Decimal, now: datetime) -> Allocation:
    return Allocation(
        payment_id=source.payment_id,
        credit_note_id=source.credit_note_id,
        bill_id=bill_id,
        amount=amount,
        allocated_at=now,
    )


def _part_of(source: Payment | CreditNote, bill_id: int, amount: Decimal, now: datetime) -> Allocation:
    column = "payment" if isinstance(source, Payment) else "credit_note"
    return Allocation(**{column: source}, bill_id=bill_id, amount=amount, allocated_at=now)
