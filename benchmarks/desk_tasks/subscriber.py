"""Who comes to the desk: somebody who is off for one unpaid bill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from billing.models import Bill, Block, Payment, Plan, Subscription

TODAY = str(datetime.now(UTC).date())
FRIDAY = str(datetime.now(UTC).date() + timedelta(days=3))


@dataclass(frozen=True)
class Subscriber:
    """What the tasks name of a customer with one subscription and one open bill."""

    code: str
    login: str
    bill: str
    owed: str
    other_plan: str
    receipt: str


def some(count: int) -> list[Subscriber]:
    """Of those who are off for one unpaid bill, the first ``count`` with one subscription."""
    found: list[Subscriber] = []
    for block in Block.objects.filter(closed_at=None, reason="unpaid").order_by("subscription"):
        subscription = Subscription.objects.select_related("customer", "plan").get(pk=block.subscription_id)
        bills = list(Bill.objects.filter(customer=subscription.customer, status="open"))
        if subscription.customer.subscriptions.count() == len(bills) == 1 and not bills[0].allocated:
            found.append(_described(subscription, bills[0], len(found)))
        if len(found) == count:
            return found
    raise AssertionError("There are too few subscribers with one unpaid bill: take another size.")


def _described(subscription: Subscription, bill: Bill, place: int) -> Subscriber:
    other = Plan.objects.exclude(pk=subscription.plan_id).filter(
        interval_unit=subscription.plan.interval_unit,
        interval_count=subscription.plan.interval_count,
        mode=subscription.plan.mode,
        available_until=None,
    )
    plan = other.order_by("-price")[0]
    last = Payment.objects.order_by("-sequence")[0].sequence
    return Subscriber(
        code=subscription.customer.code,
        login=subscription.login,
        bill=str(bill.number),
        owed=f"{bill.outstanding:.2f}",
        other_plan=plan.name,
        receipt=f"RX{last + 1_000 + place}",
    )
