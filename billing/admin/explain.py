"""In words: what a payment did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from billing.admin.formatting import money
from billing.models import Bill, Payment, Subscription
from billing.services import summary
from billing.services.explanations import why_off


def what_it_did(payment: Payment, now: datetime) -> str:
    """What a payment paid, what stays as credit, who is online again and who is not."""
    parts = [f"Receipt {payment}: {money(payment.amount, payment.currency)} received."]
    paid = [_paid(allocation.bill) for allocation in payment.allocations.select_related("bill")]
    if paid:
        parts.append(f"Paid: {', '.join(paid)}.")
    if payment.credit:
        parts.append(f"{money(payment.credit, payment.currency)} stays as credit.")
    if logins := summary.brought_back(payment):
        parts.append(f"Online again: {', '.join(logins)}.")
    services = Subscription.objects.filter(customer=payment.customer_id).values_list("pk", flat=True)
    return " ".join([*parts, *who_stays_off(services, now)])


def who_stays_off(subscriptions: Iterable[int], now: datetime) -> list[str]:
    """A sentence for each of these subscriptions, by id, that is off: why."""
    off = Subscription.objects.filter(pk__in=subscriptions, access_state__is_on=False).order_by("pk")
    return [f"{subscription} stays off. {' '.join(why_off(subscription, now))}" for subscription in off]


def _paid(bill: Bill) -> str:
    if bill.status == Bill.Status.PAID:
        return f"bill {bill} in full"
    return f"a part of bill {bill}, {money(bill.outstanding, bill.currency)} of it is left"
