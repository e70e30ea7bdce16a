"""The receipt of a payment: what was paid by it at the time, and what the account came to then."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Sum

from billing.documents.letterhead import seller_on
from billing.documents.papers import Paper, language_of
from billing.models import LedgerEntry, Payment

SIZES = ("a4", "a5", "roll")


def receipt(row: Payment, *, size: str = "a4") -> Paper:
    """The paper of a payment. Later bills that its credit pays do not change it; what is taken back stands on it."""
    paid = list(row.allocations.filter(allocated_at=row.received_at, amount__gt=0).select_related("bill"))
    balance = _balance_after(row)
    return Paper(
        template="receipt_roll.html" if size == "roll" else "receipt.html",
        name=f"receipt-{row}",
        language=language_of(row.customer),
        size=size,
        content={
            "document": row,
            "seller": seller_on(row),
            "parts": paid,
            "credit": row.amount - sum((part.amount for part in paid), Decimal(0)),
            "balance": balance,
            "owed": abs(balance),
            "reversals": row.reversals.order_by("pk"),
        },
    )


def _balance_after(payment: Payment) -> Decimal:
    """What the customer owed when the payment was booked; below zero it was the customer's credit."""
    entries = LedgerEntry.objects.filter(customer=payment.customer_id, pk__lte=payment.ledger_entry.pk)
    balance: Decimal = entries.aggregate(balance=Sum("amount"))["balance"]
    return balance
