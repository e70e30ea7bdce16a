"""Short ways to the situations that tests begin with; everything goes through the services."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count

from django.utils import timezone

from billing.models import AccessState, Bill, BillingState, Customer, Plan, Subscription
from billing.services import bills, clock, customers, subscriptions

_numbers = count(1)


def at(text: str) -> datetime:
    """The instant of an ISO text in UTC, such as ``2026-03-15`` or ``2026-03-15T23:59:59``."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def make_plan(**changes) -> Plan:
    number = next(_numbers)
    values = {"code": f"plan-{number}", "name": f"Home {number}", "price": Decimal("20.00"), "due_days": 14}
    return Plan.objects.create(**{**values, **changes})


def make_customer(**changes) -> Customer:
    return customers.register(**{"name": "Test customer", "now": timezone.now(), **changes})


def make_subscription(
    *, plan: Plan | None = None, customer: Customer | None = None, starts_on: date = date(2026, 1, 1), **changes
) -> Subscription:
    return subscriptions.open_subscription(
        plan=plan or make_plan(),
        customer=customer or make_customer(),
        starts_on=starts_on,
        login=changes.pop("login", f"login-{next(_numbers)}"),
        now=changes.pop("now", datetime.combine(starts_on, datetime.min.time(), tzinfo=UTC)),
        **changes,
    )


def make_overdue_subscription(*, days: int = 10, now: datetime | None = None, **changes) -> Subscription:
    """A subscription with one bill that is ``days`` past its due date at ``now``, not cut yet."""
    now = now or timezone.now()
    plan = changes.pop("plan", None) or make_plan()
    issued_at = now - timedelta(days=days + plan.due_days)
    subscription = make_subscription(plan=plan, starts_on=issued_at.date(), now=issued_at, **changes)
    issue_next(subscription, now=issued_at)
    subscription.refresh_from_db()
    return subscription


def issue_next(subscription: Subscription, *, now: datetime, **changes) -> Bill:
    """The bill for the first period that is not billed yet."""
    start = BillingState.objects.get(pk=subscription.pk).billed_until
    return bills.issue_period(subscription=subscription, start=start, now=now, **changes)


def issue_due(subscription: Subscription, *, now: datetime) -> list[Bill]:
    """The bills of all periods that are due as of ``now``, one by one as staff would issue them."""
    issued = []
    states = BillingState.objects.filter(pk=subscription.pk, bill_on__lte=clock.local_date(now))
    while states.exists():
        issued.append(issue_next(subscription, now=now))
    return issued


def access_of(subscription: Subscription) -> AccessState:
    return AccessState.objects.get(pk=subscription.pk)
