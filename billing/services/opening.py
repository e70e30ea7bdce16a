"""The balance with which a customer or a subscription comes from elsewhere: taken once, as a bill or as credit."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from billing.models import CreditNote, Customer, Item
from billing.services import credit_notes, items, wording


def take(*, customer: Customer, balance: Decimal, request_key: UUID, now: datetime, by: Any = None) -> None:
    """Bill what the customer owes (above zero), or give what is there as credit (below zero).

    A second call with the same ``request_key`` changes nothing; one that was cut off is finished by it.

    Raises:
        Refused: an amount that cannot be, an archived customer, or the key was used for another balance.
    """
    with wording.of_the_books():
        what = _("Opening balance")
    if balance < 0:
        credit_notes.give(customer=customer, amount=-balance, reason=what, request_key=request_key, now=now, by=by)
    elif balance > 0:
        item = items.add(customer=customer, description=what, amount=balance, request_key=request_key, now=now, by=by)
        if item.bill_id is None and item.withdrawn_at is None:
            items.bill_now(customer=customer, now=now, by=by)


def taken(keys: Collection[UUID]) -> set[UUID]:
    """Those of the request keys whose balances were taken."""
    billed = Item.objects.filter(request_key__in=keys).exclude(bill=None, withdrawn_at=None)
    given = CreditNote.objects.filter(request_key__in=keys)
    return {key for rows in (billed, given) for key in rows.values_list("request_key", flat=True) if key}
