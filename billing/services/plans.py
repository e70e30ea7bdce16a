"""Plans that are sold already: what a change of one may touch (rules B5, T3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction

from billing.models import Plan, PriceBefore, ScheduledChange
from billing.rules.errors import Refused
from billing.rules.money import MAX_AMOUNT, example, exponent, rounded
from billing.services import clock

# The periods of a subscription follow from these; to change them would move periods that are billed (rule T3).
RHYTHM = ("interval_count", "interval_unit", "billing_day")

# What decides on which day the next bill of a subscription is issued (rules B2, B9).
DECIDE_THE_DATE = {"mode", "lead_days", "bills_while_unpaid"}

# The billing run looks again at a subscription whose day comes too early, and puts the right one in.
_LOOK_AGAIN = """
    UPDATE billing_billingstate state SET bill_on = billed_until - %(lead_days)s
    FROM billing_subscription subscription
    WHERE subscription.id = state.subscription_id AND (
        subscription.plan_id = %(plan)s OR EXISTS (
            SELECT FROM billing_scheduledchange change
            WHERE change.subscription_id = subscription.id AND change.plan_id = %(plan)s AND status = 'pending'
        )
    ) AND (ends_on IS NULL OR ends_on > billed_until)
"""


def set_price(*, plan: Plan, price: Decimal, now: datetime) -> None:
    """Sell a plan at another price from today on.

    Periods that started before today keep the price they had, also when they are billed later.

    Raises:
        Refused: a price that cannot be.
    """
    plan.price = price
    change(plan, ["price"], now=now)


@transaction.atomic  # not durable: the admin's form has a transaction of its own around it
def change(plan: Plan, changed: Collection[str], *, now: datetime) -> None:
    """Write the ``changed`` columns of a plan.

    A new price is for periods that start today or later; those that started before keep the old one.

    Raises:
        Refused: a price that cannot be, or another rhythm while the plan is in use.
    """
    before = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    in_use = _is_in_use(plan)
    if in_use and any(getattr(plan, name) != getattr(before, name) for name in RHYTHM):
        raise Refused(
            f"{before} is in use: its interval and billing day stay, because periods are billed by them. "
            "Add another plan and change the subscriptions to it."
        )
    plan.price = checked_price(plan.price)
    if in_use and plan.price != before.price:
        PriceBefore.objects.get_or_create(plan=plan, day=clock.local_date(now), defaults={"price": before.price})
    plan.save(update_fields=list(changed))
    if DECIDE_THE_DATE & set(changed):
        with connection.cursor() as cursor:
            cursor.execute(_LOOK_AGAIN, {"plan": plan.pk, "lead_days": plan.lead_days})


def checked_price(price: Decimal) -> Decimal:
    """``price`` if a plan can cost it: zero or more, with no decimals too many.

    Raises:
        Refused: otherwise.
    """
    if not (price.is_finite() and 0 <= price <= MAX_AMOUNT):
        raise Refused(f"A plan cannot cost {price}. Enter 0 to {MAX_AMOUNT}.")
    if price != rounded(price, settings.CURRENCY):
        raise Refused(
            f"{price} has too many decimals: {settings.CURRENCY} has {exponent(settings.CURRENCY)}. "
            f"Write it like {example(settings.CURRENCY)}."
        )
    return price


def _is_in_use(plan: Plan) -> bool:
    waiting = ScheduledChange.objects.filter(plan=plan, status=ScheduledChange.Status.PENDING)
    return plan.subscriptions.exists() or waiting.exists()
