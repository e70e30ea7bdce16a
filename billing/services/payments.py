"""Payments: money in, bills paid, access back, in one transaction."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from billing.models import Bill, Customer, Payment
from billing.rules.errors import Refused
from billing.rules.money import checked_amount
from billing.services import cash, clock, locks, numbers, requests, settlement, texts


class NotOpen(Refused):
    """The bill that a payment names is paid, voided or somebody else's."""


SAME_BODY = ("customer_id", "amount", "currency", "method")


def receive(
    *,
    customer: Customer,
    amount: Decimal,
    method: str,
    now: datetime,
    by: Any = None,
    bill: Bill | None = None,
    **how: Any,
) -> Payment:
    """Take a payment, pay the oldest bills first (or ``bill`` before them), restore access (rule E7).

    A second identical call with the same ``request_key`` or (gateway, transaction id) gives the first
    one's payment (rule M9). What the bills do not take stays as credit (rule M6).

    Args:
        how: ``currency``, ``request_key``, ``gateway``, ``transaction_id`` and ``note``.

    Raises:
        NotOpen: the bill cannot be paid (any more).
        Refused: an amount or currency that cannot be, or a repeated key with another body.
    """
    payment = new(customer, amount, method, now=now, by=by, **how)
    try:
        return receive_once(payment=payment, bill=bill, now=now, by=by)
    except IntegrityError:
        if earlier := _same_as_before(payment):
            return earlier
        raise


def new(
    customer: Customer,
    amount: Decimal,
    method: str,
    *,
    now: datetime,
    by: Any,
    currency: str = "",
    request_key: UUID | None = None,
    gateway: str = "",
    transaction_id: str = "",
    note: str = "",
) -> Payment:
    """A payment that is not written yet. Raises Refused when it cannot be taken."""
    return Payment(
        customer=customer,
        currency=_checked_currency(currency),
        amount=checked_amount(amount, settings.CURRENCY),
        method=_checked_method(method),
        received_at=now,
        received_on=clock.local_date(now),
        received_by=by,
        gateway=texts.checked(gateway, longest=40),
        transaction_id=texts.checked(transaction_id, longest=100) or None,
        request_key=request_key,
        note=texts.checked(note, longest=200),
        customer_code=customer.code,
        customer_name=customer.name,
        seller_name=settings.COMPANY_NAME,
        seller_address=settings.COMPANY_ADDRESS,
        seller_tax_id=settings.COMPANY_TAX_ID,
    )


@transaction.atomic(durable=True)
def receive_once(*, payment: Payment, bill: Bill | None, now: datetime, by: Any) -> Payment:
    """As ``receive`` does with what ``new`` made; an IntegrityError when another has its key at the same moment."""
    locks.money(payment.customer_id)
    if earlier := _same_as_before(payment):
        return earlier
    if bill is not None:
        _check_open(bill, payment.customer_id)
    return book(payment, bill, now=now, by=by)


def book(payment: Payment, bill: Bill | None, *, now: datetime, by: Any = None) -> Payment:
    """Write a new payment of a locked customer and let everything follow from it."""
    payment.sequence, payment.number = numbers.take("receipt", on=payment.received_on)
    payment.save(force_insert=True)
    cash.require_shift(payment, payment.method, by)
    settlement.settle([payment.customer_id], now=now, by=by, first=[bill] if bill else ())
    del payment.allocated  # so that Django reads it anew when it is asked for
    return payment


def _same_as_before(payment: Payment) -> Payment | None:
    """The payment that an earlier identical request made, or None."""
    earlier = requests.earlier(Payment, payment.request_key)
    if earlier is None and payment.transaction_id:
        earlier = Payment.objects.filter(gateway=payment.gateway, transaction_id=payment.transaction_id).first()
    return requests.answer(earlier, payment, SAME_BODY)


def _checked_currency(currency: str) -> str:
    own: str = settings.CURRENCY
    if currency and currency.upper() != own:
        raise Refused(
            "The payment is in {currency}, but this installation works in {own}.", currency=currency.upper(), own=own
        )
    return own


def _checked_method(method: str) -> str:
    if method not in Payment.Method.values:
        raise Refused(
            "“{method}” is not a way to pay. Use one of: {values}.",
            method=method,
            values=", ".join(Payment.Method.values),
        )
    return method


def _check_open(bill: Bill, customer_id: int) -> None:
    if not Bill.objects.filter(pk=bill.pk, customer_id=customer_id, status=Bill.Status.OPEN).exists():
        raise NotOpen(
            _(
                "Bill {bill} is not an open bill of this customer: it may be paid already. Reload and look again."
            ).format(bill=bill)
        )
