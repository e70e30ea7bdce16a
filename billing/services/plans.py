"""Plans that are sold already: what a change of one may touch (rules B5, T3)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from billing.models import Plan, PriceBefore, ScheduledChange
from billing.rules.errors import Refused
from billing.rules.money import MAX_AMOUNT, example, exponent, rounded
from billing.services import billing_states, clock

# The periods of a subscription follow from these; to change them would move periods that are billed (rule T3).
RHYTHM = ("interval_count", "interval_unit", "billing_day")

# What decides on which day the next bill of a subscription is issued (rules B2, B9).
DECIDE_THE_DATE = ("mode", "lead_days", "bills_while_unpaid")
SUBSCRIPTIONS_AT_ONCE = 5000

# A change of plan that failed may be tried again.
_USERS = """
    SELECT {column} FROM billing_subscription subscription WHERE plan_id = %(plan)s OR id IN (
        SELECT subscription_id FROM billing_scheduledchange
        WHERE plan_id = %(plan)s AND status IN ('pending', 'failed')
    )
"""
_LOCK_CUSTOMERS = f"""
    SELECT count(*) FROM (
        SELECT FROM billing_customer WHERE id IN ({_USERS.format(column="customer_id")})
        ORDER BY id FOR NO KEY UPDATE
    ) AS locked
"""  # noqa: S608  (names of ours)
_UNPAID = """
    SELECT subscription.id FROM billing_subscription subscription
    JOIN billing_block ON subscription_id = subscription.id
    WHERE plan_id = %(plan)s AND reason = 'unpaid' AND closed_at IS NULL
"""


def set_price(*, plan: Plan, price: Decimal, now: datetime, by: Any = None) -> None:
    """Sell a plan at another price from today on.

    Periods that started before today keep the price they had, also when they are billed later.

    Raises:
        Refused: a price that cannot be.
    """
    plan.price = price
    change(plan, ["price"], now=now, by=by)


def add(plan: Plan) -> None:
    """Sell a new plan.

    Raises:
        Refused: a price that cannot be, or the code is taken.
    """
    plan.price = checked_price(plan.price)
    try:
        with transaction.atomic():
            plan.save(force_insert=True)
    except IntegrityError as error:
        raise Refused("The plan code {plan} is taken. Choose another.", plan=plan.code) from error


@transaction.atomic  # not durable: the admin's form has a transaction of its own around it
def change(plan: Plan, changed: Collection[str], *, now: datetime, by: Any = None) -> None:
    """Write the ``changed`` columns of a plan.

    A new price is for periods that start today or later; those that started before keep the old one.

    Raises:
        Refused: a price that cannot be, or another rhythm while the plan is in use.
    """
    before = Plan.objects.select_for_update(no_key=True).get(pk=plan.pk)
    in_use = is_in_use(plan)
    if in_use and any(getattr(plan, name) != getattr(before, name) for name in RHYTHM):
        raise Refused(
            "{before} is in use: its interval and billing day stay, because periods are billed by them. "
            "Add another plan and change the subscriptions to it.",
            before=before,
        )
    plan.price = checked_price(plan.price)
    if in_use and plan.price != before.price:
        PriceBefore.objects.create(
            plan=plan, day=clock.local_date(now), price=before.price, changed_at=now, changed_by=by
        )
    if any(getattr(plan, name) != getattr(before, name) for name in DECIDE_THE_DATE):
        _save_with_dates(before, plan, changed, now=now)
    else:
        plan.save(update_fields=list(changed))


def checked_price(price: Decimal) -> Decimal:
    """``price`` if a plan can cost it: zero or more, with no decimals too many.

    Raises:
        Refused: otherwise.
    """
    if not (price.is_finite() and 0 <= price <= MAX_AMOUNT):
        raise Refused("A plan cannot cost {price}. Enter 0 to {max_amount}.", price=price, max_amount=MAX_AMOUNT)
    if price != rounded(price, settings.CURRENCY):
        raise Refused(
            "{price} has too many decimals: {currency} has {exponent}. Write it like {currency_2}.",
            price=price,
            currency=settings.CURRENCY,
            exponent=exponent(settings.CURRENCY),
            currency_2=example(settings.CURRENCY),
        )
    return price


def _save_with_dates(before: Plan, plan: Plan, changed: Collection[str], *, now: datetime) -> None:
    """Write the plan, and when the next bills of its subscriptions are due from now on."""
    _asked(_LOCK_CUSTOMERS, plan)
    if plan.goes_on_while_unpaid and not before.goes_on_while_unpaid:
        billing_states.forgo(_asked(_UNPAID, plan), now=now)
    plan.save(update_fields=list(changed))
    users = _asked(_USERS.format(column="id"), plan)
    for start in range(0, len(users), SUBSCRIPTIONS_AT_ONCE):
        billing_states.refresh_dates(users[start : start + SUBSCRIPTIONS_AT_ONCE])


def _asked(query: str, plan: Plan) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"plan": plan.pk})
        return [row[0] for row in cursor.fetchall()]


def is_in_use(plan: Plan) -> bool:
    """Whether somebody has the plan, or waits for it."""
    waiting = ScheduledChange.objects.filter(plan=plan, status=ScheduledChange.Status.PENDING)
    return plan.subscriptions.exists() or waiting.exists()
