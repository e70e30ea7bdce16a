"""Bill what was used before a change, in the transaction that changes it (rules L2, L3, L6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from billing.models import Bill, Customer
from billing.services import bills, clock
from billing.services.drafts import draft, waiting_items
from billing.services.outlook import Outlook, Proposal


def bill_until(
    customer: Customer, subscription_id: int, day: date, *, now: datetime, by: Any = None, and_due: bool = False
) -> Bill | None:
    """Bill a locked customer's subscription for all days before ``day``, however early that is.

    With ``and_due`` whatever is due as of ``now`` is on the same bill. None when there is nothing.
    """
    outlook, today = Outlook([subscription_id]), clock.local_date(now)
    lines = list(_lines(outlook, subscription_id, day, today if and_due else None))
    if not lines:
        return None
    items = waiting_items([customer.pk])
    bill_ids = bills.issue(outlook, [draft(customer.pk, lines, items, issued_on=today)], now=now, by=by)
    return Bill.objects.get(pk=bill_ids[0])


def _lines(outlook: Outlook, subscription_id: int, day: date, due_on: date | None) -> Iterator[Proposal]:
    line = outlook.propose(subscription_id)
    while line is not None and (line.period.start < day or (due_on is not None and line.issue_on <= due_on)):
        yield line
        line = outlook.propose(subscription_id, line.period.end)
