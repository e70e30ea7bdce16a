"""In words: what a payment did."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext as _

from billing.admin.formatting import money
from billing.models import Bill, Payment, Subscription
from billing.services import summary
from billing.services.explanations import why_off


def what_it_did(payment: Payment, now: datetime) -> str:
    """What a payment paid, what stays as credit, who is online again and who is not."""
    parts = [
        _("Receipt {payment}: {amount} received.").format(
            payment=payment, amount=money(payment.amount, payment.currency)
        )
    ]
    paid = [_paid(allocation.bill) for allocation in payment.allocations.select_related("bill")]
    if paid:
        parts.append(_("Paid: {paid}.").format(paid=", ".join(paid)))
    if payment.credit:
        parts.append(_("{credit} stays as credit.").format(credit=money(payment.credit, payment.currency)))
    if logins := summary.brought_back(payment):
        parts.append(_("Online again: {logins}.").format(logins=", ".join(logins)))
    services = Subscription.objects.filter(customer=payment.customer_id).values_list("pk", flat=True)
    return " ".join([*parts, *who_stays_off(services, now)])


def who_stays_off(subscriptions: Iterable[int], now: datetime) -> list[str]:
    """A sentence for each of these subscriptions, by id, that is off: why."""
    off = Subscription.objects.filter(pk__in=subscriptions, access_state__is_on=False).order_by("pk")
    return [
        _("{subscription} stays off. {why_off}").format(
            subscription=subscription, why_off=" ".join(why_off(subscription, now))
        )
        for subscription in off
    ]


def _paid(bill: Bill) -> str:
    if bill.status == Bill.Status.PAID:
        return _("bill {bill} in full").format(bill=bill)
    return _("a part of bill {bill}, {outstanding} of it is left").format(
        bill=bill, outstanding=money(bill.outstanding, bill.currency)
    )
