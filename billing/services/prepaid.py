"""Renew a prepaid subscription at the desk: the next period is billed and paid in one step (rule L4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from billing.models import Bill, Customer, Payment, Plan, Subscription
from billing.rules.errors import Refused
from billing.services import bills, clock, locks, payments, requests, wording
from billing.services.drafts import draft
from billing.services.outlook import Outlook


@dataclass(frozen=True)
class Renewal:
    """What a renewal came to."""

    payment: Payment
    paid_until: date


@transaction.atomic(durable=True)
def renew(
    *, subscription: Subscription, method: str, now: datetime, by: Any = None, request_key: UUID | None = None
) -> Renewal:
    """Take the payment for the next period, which follows the one that is paid: no day is lost.

    An open bill of the subscription is paid first; without one the next period is billed now.
    Two renewals count twice; the same ``request_key`` counts once.

    Raises:
        Refused: a postpaid plan, a hold, nothing left to bill or to pay, an unknown way to pay, or a
            key that another customer's payment has.
    """
    customer = locks.active_customer(subscription.customer_id)
    locks.access_states([customer.pk])
    subscription = Subscription.objects.select_related("plan").get(pk=subscription.pk)
    if subscription.plan.mode != Plan.Mode.PREPAID:
        raise Refused("{subscription} is billed in arrears. Receive a payment instead.", subscription=subscription)
    payment = _earlier(request_key, customer) or _pay(
        customer, subscription, method, now=now, by=by, request_key=request_key
    )
    return Renewal(payment, Outlook([subscription.pk]).services[subscription.pk].billed_until)


def _earlier(request_key: UUID | None, customer: Customer) -> Payment | None:
    """The payment that an identical request made before (rule M9)."""
    payment = requests.earlier(Payment, request_key)
    if payment and payment.customer_id != customer.pk:
        raise requests.used(payment)
    return payment


def _pay(
    customer: Customer, subscription: Subscription, method: str, *, now: datetime, by: Any, request_key: UUID | None
) -> Payment:
    if subscription.ends_on is not None and subscription.ends_on <= clock.local_date(now):
        raise Refused(
            "{subscription} ended on {ends_on}: no period left to renew. Receive a payment.",
            subscription=subscription,
            ends_on=wording.day(subscription.ends_on),
        )
    bill = _open_bill(subscription) or _issue(customer.pk, subscription, now=now, by=by)
    if not bill.outstanding:
        raise Refused(
            "{subscription} needs no payment: credit, or a price of zero, pays the next bill by itself.",
            subscription=subscription,
        )
    payment = payments.new(
        customer, bill.outstanding, method, now=now, by=by, request_key=request_key, currency=settings.CURRENCY
    )
    return payments.book(payment, bill, now=now, by=by)


def _open_bill(subscription: Subscription) -> Bill | None:
    found = Bill.objects.filter(status=Bill.Status.OPEN, lines__subscription=subscription)
    return found.order_by("due_on", "pk").first()


def _issue(customer_id: int, subscription: Subscription, *, now: datetime, by: Any) -> Bill:
    outlook = Outlook([subscription.pk])
    line = outlook.propose(subscription.pk)
    if line is None:
        raise Refused("{subscription} has no period left to renew: it ends, or is on hold.", subscription=subscription)
    bill = draft(customer_id, [line], issued_on=clock.local_date(now))
    return Bill.objects.get(pk=bills.issue(outlook, [bill], now=now, by=by)[0])
