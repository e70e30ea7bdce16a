"""Spread a customer's money over the open bills, and take it back (rules M6, M7, M8, E3).

PostgreSQL adds every allocation to its bill and its source and refuses one too much.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Sum

from billing.models import Bill, CreditNote, Payment
from billing.rules.allocation import Debt, shares
from billing.services.arrays import array

_MONEY_AND_DEBTS = "SELECT * FROM billing_money_and_debts(%s)"
_ALLOCATE = """
    INSERT INTO billing_allocation (payment_id, credit_note_id, bill_id, amount, allocated_at)
    SELECT payment_id, credit_note_id, bill_id, amount, %s
    FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[], %s::numeric[])
        WITH ORDINALITY AS new (payment_id, credit_note_id, bill_id, amount, place)
    ORDER BY place
"""


class Row(NamedTuple):
    """What is left of a payment, of a credit note and the bill that it corrects, or to pay of a bill."""

    customer_id: int
    payment_id: int | None
    credit_note_id: int | None
    bill_id: int | None
    left: Decimal

    @property
    def is_debt(self) -> bool:
        return self.payment_id is None and self.credit_note_id is None


class Part(NamedTuple):
    """What one payment or credit note pays of a bill; negative when it is taken back."""

    payment_id: int | None
    credit_note_id: int | None
    bill_id: int
    amount: Decimal


def apply(customer_ids: Collection[int], *, now: datetime, first: Iterable[Bill] = ()) -> None:
    """Pay the open bills of locked customers from their payments and credit notes, the oldest bill
    first, or the one of ``first`` that is the customer's before it."""
    named = {bill.customer_id: bill.pk for bill in first}
    rows = _money_and_debts(customer_ids)
    debts: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for row in rows:
        if row.is_debt and row.bill_id is not None:
            debts[row.customer_id][row.bill_id] = row.left
    parts: list[Part] = []
    for source in (row for row in rows if not row.is_debt):
        owed = debts[source.customer_id]
        wanted = source.bill_id or named.get(source.customer_id)
        for share in shares(source.left, [Debt(bill_id, left) for bill_id, left in owed.items()], wanted):
            owed[share.bill_id] -= share.amount
            parts.append(Part(source.payment_id, source.credit_note_id, share.bill_id, share.amount))
    _allocate(parts, now)


def release(source: Payment | CreditNote, amount: Decimal, *, now: datetime) -> None:
    """Take ``amount`` of a locked customer's payment or credit note back from the bills it pays, the newest first.

    A credit note goes on paying the bill that it corrects.
    """
    note = source if isinstance(source, CreditNote) else None
    payment_id, credit_note_id, corrects = (None, note.pk, note.bill_id) if note else (source.pk, None, None)
    found = source.allocations.exclude(bill=corrects).values("bill_id").annotate(paid=Sum("amount")).filter(paid__gt=0)
    taken: list[Part] = []
    for row in found.order_by("-bill__due_on", "-bill_id"):
        part = min(amount, row["paid"])
        if part > 0:
            taken.append(Part(payment_id, credit_note_id, row["bill_id"], -part))
            amount -= part
    _allocate(taken, now)


def release_bill(bill: Bill, *, now: datetime) -> None:
    """Take back all that was allocated to a bill; it is the customer's credit again."""
    paid = bill.allocations.values("payment_id", "credit_note_id").annotate(paid=Sum("amount")).filter(paid__gt=0)
    rows = paid.order_by("payment_id", "credit_note_id")
    _allocate([Part(row["payment_id"], row["credit_note_id"], bill.pk, -row["paid"]) for row in rows], now)


def _allocate(parts: Sequence[Part], now: datetime) -> None:
    if parts:
        with connection.cursor() as cursor:
            cursor.execute(_ALLOCATE, [now, *(array(column) for column in zip(*parts, strict=True))])


def _money_and_debts(customer_ids: Collection[int]) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(_MONEY_AND_DEBTS, [list(customer_ids)])
        return [Row(*row) for row in cursor.fetchall()]
