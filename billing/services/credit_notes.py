"""Credit notes at the desk: take back a bill, give credit, write off (rules M8, M11)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from billing.models import Bill, BillLine, CreditNote, Customer
from billing.rules.errors import Refused
from billing.rules.money import checked_amount, rounded
from billing.services import crediting, locks, requests, settlement
from billing.services.crediting import Part


@transaction.atomic(durable=True)
def correct(
    *,
    bill: Bill,
    reason: str,
    now: datetime,
    by: Any = None,
    amounts: Mapping[int, Decimal] | None = None,
    request_key: UUID | None = None,
) -> CreditNote:
    """Take back a bill: all that is left of it, or ``amounts`` by line id, as they stand on the bill.

    What the bill still owes is paid with it first; the rest is the customer's credit.

    Raises:
        Refused: no reason, nothing left, an amount above what is left of its line, a void bill, or a
            repeated key with another body.
    """
    customer = locks.customer(bill.customer_id)
    if earlier := _earlier(request_key, CreditNote.Kind.CORRECTION, bill.pk, customer, amounts):
        return earlier
    locks.access_states([customer.pk])
    bill = _correctable(bill)
    lines = {line.pk: line for line in bill.lines.order_by("pk")}
    wanted = {pk: line.amount - line.credited for pk, line in lines.items()} if amounts is None else amounts
    parts = [_part(bill, lines.get(pk), amount) for pk, amount in wanted.items() if amounts is not None or amount > 0]
    if not parts and amounts is not None:
        raise Refused("Enter an amount for one line at least.")
    if not parts:
        raise Refused("Nothing is left to credit of bill {bill}.", bill=bill)
    note = crediting.write(
        customer, CreditNote.Kind.CORRECTION, bill, parts, reason, now=now, by=by, request_key=request_key
    )
    settlement.settle([customer.pk], now=now, by=by)
    note.refresh_from_db()
    return note


@transaction.atomic(durable=True)
def give(
    *, customer: Customer, amount: Decimal, reason: str, now: datetime, by: Any = None, request_key: UUID | None = None
) -> CreditNote:
    """Give a customer credit that no bill stands behind: it pays the open bills, then the next ones.

    Raises:
        Refused: no reason, an amount that cannot be, or a repeated key with another body.
    """
    customer = locks.customer(customer.pk)
    if earlier := _earlier(request_key, CreditNote.Kind.GOODWILL, None, customer, {None: amount}):
        return earlier
    locks.access_states([customer.pk])
    amount = checked_amount(amount, settings.CURRENCY)
    note = crediting.write_plain(
        customer, CreditNote.Kind.GOODWILL, None, amount, reason, now=now, by=by, request_key=request_key
    )
    settlement.settle([customer.pk], now=now, by=by)
    note.refresh_from_db()
    return note


@transaction.atomic(durable=True)
def write_off(*, bill: Bill, reason: str, now: datetime, by: Any = None, request_key: UUID | None = None) -> CreditNote:
    """Give up what is left to pay of a bill.

    Raises:
        Refused: no reason, the bill is not open, or a key that another request has.
    """
    customer = locks.customer(bill.customer_id)
    if earlier := _earlier(request_key, CreditNote.Kind.WRITE_OFF, bill.pk, customer, None):
        return earlier
    locks.access_states([customer.pk])
    bill = Bill.objects.get(pk=bill.pk)
    amount = min(bill.outstanding, bill.total - bill.credited)
    if amount <= 0:
        raise Refused("Bill {bill} is not open: there is nothing to write off.", bill=bill)
    note = crediting.write_plain(
        customer, CreditNote.Kind.WRITE_OFF, bill, amount, reason, now=now, by=by, request_key=request_key
    )
    settlement.settle([customer.pk], now=now, by=by, rule="E1")
    note.refresh_from_db()
    return note


def _earlier(
    request_key: UUID | None,
    kind: str,
    bill_id: int | None,
    customer: Customer,
    amounts: Mapping[Any, Decimal] | None,
) -> CreditNote | None:
    """The note that an identical request made before (rule M9); ``amounts`` are by the id of the bill's line."""
    note = requests.earlier(CreditNote, request_key)
    if note is None:
        return None
    same_body = (note.kind, note.bill_id, note.customer_id) == (kind, bill_id, customer.pk)
    if not same_body or amounts not in (None, dict(note.lines.values_list("bill_line", "amount"))):
        raise requests.used(note)
    return note


def _correctable(bill: Bill) -> Bill:
    bill = Bill.objects.get(pk=bill.pk)
    if bill.status in (Bill.Status.DRAFT, Bill.Status.VOID):
        raise Refused("Bill {bill} is {status}: there is nothing to credit.", bill=bill, status=bill.status)
    return bill


def _part(bill: Bill, line: BillLine | None, amount: Decimal) -> Part:
    if line is None:
        raise Refused("This line is not on bill {bill}. Reload and look again.", bill=bill)
    amount = checked_amount(amount, bill.currency)
    left = rounded(line.amount - line.credited, bill.currency)
    if amount > left:
        raise Refused("Only {left} is left to credit of “{description}”.", left=left, description=line.description)
    return Part(line, amount)
