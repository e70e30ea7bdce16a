"""Take money back: reversals, refunds, bounced payments, chargebacks (rule M8).

A payment is never edited. What it paid is owed again, in the same transaction.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from billing.models import CreditNote, Payment, Reversal
from billing.rules.errors import Refused
from billing.rules.money import checked_amount, rounded
from billing.services import cash, clock, credit, locks, requests, settlement, texts

ONE_SOURCE_OF = {Payment: "payment", CreditNote: "credit_note"}
Kind = Reversal.Kind


@transaction.atomic(durable=True)
def reverse(
    *, payment: Payment, reason: str, now: datetime, by: Any = None, kind: str = Kind.MISTAKE, **how: Any
) -> Reversal:
    """Take back a payment that was a mistake, bounced or was charged back, as a whole or ``amount`` of it.

    Args:
        how: ``amount`` (default: all that is left of it) and ``request_key``.

    Raises:
        Refused: no reason, or more than is left of the payment.
    """
    if kind not in (Kind.MISTAKE, Kind.BOUNCED, Kind.CHARGEBACK):
        raise Refused("“{kind}” does not take back a payment. Use mistake, bounced or chargeback.", kind=kind)
    return _take_back(payment, kind, reason, now=now, by=by, **how)


@transaction.atomic(durable=True)
def refund(
    *, source: Payment | CreditNote, reason: str, method: str, now: datetime, by: Any = None, **how: Any
) -> Reversal:
    """Pay money out: what a payment or a credit note is worth, as a whole or ``amount`` of it.

    Credit is taken first; beyond it the bills that the source paid are owed again. What a credit note
    paid of the very bill that it corrects was never paid by the customer, and is not paid out.

    Args:
        how: ``amount`` (default: all that is left of it) and ``request_key``.

    Raises:
        Refused: no reason, an unknown way to pay, or more than was paid.
    """
    if method not in Payment.Method.values:
        raise Refused(
            "“{method}” is not a way to pay. Use one of: {values}.",
            method=method,
            values=", ".join(Payment.Method.values),
        )
    return _take_back(source, Kind.REFUND, reason, now=now, by=by, method=method, **how)


@transaction.atomic(durable=True)
def withdraw(*, credit_note: CreditNote, reason: str, now: datetime, by: Any = None, **how: Any) -> Reversal:
    """Take back credit that was given; what it paid is owed again.

    Args:
        how: ``amount`` (default: all that is left of it) and ``request_key``.

    Raises:
        Refused: no reason, nothing left of it, or the note corrects a bill.
    """
    if credit_note.bill_id is not None:
        raise Refused(
            "Credit note {credit_note} corrects a bill and stays. Add a one-off item instead.", credit_note=credit_note
        )
    return _take_back(credit_note, Kind.MISTAKE, reason, now=now, by=by, **how)


@transaction.atomic(durable=True)
def win_chargeback(*, chargeback: Reversal, reason: str, now: datetime, by: Any = None) -> Reversal:
    """The bank gave a chargeback back: the payment counts again.

    Raises:
        Refused: no reason, not a chargeback, or won already.
    """
    locks.customer(chargeback.customer_id)
    locks.access_states([chargeback.customer_id])
    if chargeback.kind != Kind.CHARGEBACK:
        raise Refused("Only a chargeback can be won.")
    if Reversal.objects.filter(undoes=chargeback).exists():
        raise Refused("This chargeback is won already.")
    won = _write(chargeback.payment, Kind.WON, -chargeback.amount, reason, now=now, by=by, undoes=chargeback, method="")
    settlement.settle([chargeback.customer_id], now=now, by=by)
    return won


def _take_back(
    source: Payment | CreditNote,
    kind: str,
    reason: str,
    *,
    now: datetime,
    by: Any,
    amount: Decimal | None = None,
    method: str = "",
    request_key: UUID | None = None,
) -> Reversal:
    locks.customer(source.customer_id)
    if earlier := _earlier(request_key, source, kind, amount):
        return earlier
    locks.access_states([source.customer_id])
    source = type(source).objects.get(pk=source.pk)
    amount = _checked(source, amount)
    if amount > source.credit:
        credit.release(source, amount - source.credit, now=now)
    reversal = _write(source, kind, amount, reason, now=now, by=by, method=method, request_key=request_key)
    cash.require_shift(reversal, method, by)
    settlement.settle([source.customer_id], now=now, by=by)
    return reversal


def _checked(source: Payment | CreditNote, amount: Decimal | None) -> Decimal:
    left = rounded(source.credit + source.allocated - _kept(source), settings.CURRENCY)
    if left == 0:
        raise Refused("Nothing is left of {source} that could be taken back.", source=source)
    amount = left if amount is None else checked_amount(amount, settings.CURRENCY)
    if amount > left:
        raise Refused(
            "{amount} is above the {left} that is left of {source}. Enter at most {left}.",
            amount=amount,
            left=left,
            source=source,
        )
    return amount


def _kept(source: Payment | CreditNote) -> Decimal:
    """What a credit note paid of the bill that it corrects."""
    if isinstance(source, Payment) or source.bill_id is None:
        return Decimal(0)
    paid = source.allocations.filter(bill=source.bill_id).aggregate(paid=Sum("amount"))["paid"]
    return paid or Decimal(0)


def _earlier(request_key: UUID | None, source: Any, kind: str, amount: Decimal | None) -> Reversal | None:
    """The reversal that an identical request made before (rule M9)."""
    earlier = requests.earlier(Reversal, request_key)
    if earlier is None:
        return None
    same_source = getattr(earlier, f"{ONE_SOURCE_OF[type(source)]}_id") == source.pk
    if not same_source or earlier.kind != kind or amount not in (None, earlier.amount):
        raise requests.used(earlier)
    return earlier


def _write(source: Any, kind: str, amount: Decimal, reason: str, *, now: datetime, by: Any, **how: Any) -> Reversal:
    return Reversal.objects.create(
        **{ONE_SOURCE_OF[type(source)]: source},
        customer_id=source.customer_id,
        kind=kind,
        amount=amount,
        reason=texts.checked(reason, longest=200, missing=_("Say why the money is taken back.")),
        reversed_at=now,
        reversed_on=clock.local_date(now),
        reversed_by=by,
        **how,
    )
