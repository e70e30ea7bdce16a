"""In words: why a subscription is off, and what a payment did."""

from __future__ import annotations

from datetime import datetime

from billing.admin.formatting import day, instant, money
from billing.models import Bill, Block, Payment, Subscription
from billing.services import access, summary


def why_off(subscription: Subscription, now: datetime) -> list[str]:
    """One sentence for each reason that keeps the subscription off; empty when there is none."""
    sentences: list[str] = []
    for block in Block.objects.filter(subscription=subscription, closed_at=None).order_by("pk"):
        sentences += _reason(block, subscription, now)
    return sentences


def _reason(block: Block, subscription: Subscription, now: datetime) -> list[str]:
    if block.reason == Block.Reason.UNPAID:
        return _unpaid(subscription, now)
    if block.reason == Block.Reason.HOLD:
        return [_on_hold(block, subscription)]
    if block.reason == Block.Reason.PENDING:
        return [f"It starts on {day(subscription.starts_on)}: access comes by itself on that day."]
    if block.reason == Block.Reason.ENDED:
        return [f"It ended on {day(subscription.ends_on)}. Open a new subscription for this customer instead."]
    return [_set_by_staff(block)]


def _unpaid(subscription: Subscription, now: datetime) -> list[str]:
    bills = [
        f"Bill {bill} of {day(bill.issued_on)} is unpaid since {day(bill.due_on)}: "
        f"{money(bill.outstanding, bill.currency)} left to pay."
        for bill in summary.unpaid_bills(subscription.pk, now)
    ]
    return [*bills, "A payment restores the access."]


def _on_hold(block: Block, subscription: Subscription) -> str:
    hold = subscription.holds.filter(settled_at=None).order_by("days").first()
    if hold is None:
        return f"On hold since {instant(block.opened_at)}."
    note = f" ({hold.note})" if hold.note else ""
    if hold.days.upper is None:
        return f"On hold since {day(hold.days.lower)}{note}, until it is resumed. “Resume” brings it back."
    return (
        f"On hold from {day(hold.days.lower)}{note}; it comes back by itself on {day(hold.days.upper)}. "
        "“Resume” brings it back today."
    )


def _set_by_staff(block: Block) -> str:
    note = f": {block.note}" if block.note else ""
    how = " “Restore” takes it back." if block.reason in access.STAFF_REASONS else ""
    return f"Disabled as “{block.get_reason_display()}” since {instant(block.opened_at)}{note}.{how}"


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
    if off := Subscription.objects.filter(customer=payment.customer_id, access_state__is_on=False):
        parts += [f"{subscription} stays off. {' '.join(why_off(subscription, now))}" for subscription in off]
    return " ".join(parts)


def _paid(bill: Bill) -> str:
    if bill.status == Bill.Status.PAID:
        return f"bill {bill} in full"
    return f"a part of bill {bill}, {money(bill.outstanding, bill.currency)} of it is left"
