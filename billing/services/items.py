"""One-off items: installation, a router, whatever is charged once (rule B4)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from billing.models import Bill, Customer, Item, TaxRate
from billing.rules.errors import Refused
from billing.rules.money import checked_amount
from billing.services import bills, clock, locks, requests, texts
from billing.services.drafts import draft, waiting_items
from billing.services.outlook import Outlook
from billing.words import gettext_lazy as _

MISSING = _("Say what the item is: the customer reads it on the bill.")
SAME_BODY = ("customer_id", "description", "amount", "tax_rate_id")


@transaction.atomic(durable=True)
def add(
    *,
    customer: Customer,
    description: str,
    amount: Decimal,
    now: datetime,
    by: Any = None,
    tax_rate: TaxRate | None = None,
    request_key: UUID | None = None,
) -> Item:
    """An item that waits for the customer's next bill.

    Raises:
        Refused: no description, an amount that cannot be, an archived customer, or a repeated key
            with another body.
    """
    locks.active_customer(customer.pk)
    item = Item(
        customer=customer,
        description=texts.checked(description, longest=200, missing=MISSING),
        amount=checked_amount(amount, settings.CURRENCY),
        tax_rate=tax_rate,
        request_key=request_key,
        created_at=now,
        created_by=by,
    )
    if earlier := requests.answer(requests.earlier(Item, request_key), item, SAME_BODY):
        return earlier
    item.save(force_insert=True)
    return item


@transaction.atomic(durable=True)
def withdraw(*, item: Item, now: datetime) -> None:
    """Take an item back that is not billed yet.

    Raises:
        Refused: it is on a bill.
    """
    locks.customer(item.customer_id)
    item.refresh_from_db()
    if item.bill is not None:
        raise Refused("“{item}” is on bill {bill}. Issue a credit note for it instead.", item=item, bill=item.bill)
    if item.withdrawn_at is None:
        item.withdrawn_at = now
        item.save(update_fields=["withdrawn_at"])


@transaction.atomic(durable=True)
def bill_now(*, customer: Customer, now: datetime, by: Any = None) -> Bill:
    """Issue a bill for the items that wait, without the next period.

    Raises:
        Refused: no item waits, or the customer is archived.
    """
    locks.active_customer(customer.pk)
    locks.access_states([customer.pk])
    waiting = waiting_items([customer.pk])
    if not waiting:
        raise Refused("No item waits for a bill.")
    bill = draft(customer.pk, [], waiting, issued_on=clock.local_date(now))
    return Bill.objects.get(pk=bills.issue(Outlook([]), [bill], now=now, by=by)[0])
