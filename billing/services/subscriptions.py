"""Subscriptions: open one."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from billing.models import AccessState, BillingState, Block, Customer, Plan, ScheduledChange, Subscription, UnbilledDays
from billing.rules.errors import Refused
from billing.services import access, billing_states, blocks, clock, deferrals, locks, scheduled_changes, wording


@transaction.atomic(durable=True)
def open_subscription(
    *, customer: Customer, plan: Plan, login: str, starts_on: date, now: datetime, ends_on: date | None = None
) -> Subscription:
    """A new subscription with access on; it is billed by ``bills.issue_period``.

    Args:
        starts_on: first day, the anchor of all its periods (rule T3).
        ends_on: first day without the service, or None for open-ended.

    Raises:
        Refused: dates in impossible order, a plan not sold on ``starts_on``, a login taken.
    """
    login = login.strip()
    if not login:
        raise Refused("A subscription needs a login.")
    if ends_on is not None and ends_on <= starts_on:
        raise Refused(f"The end, {wording.day(ends_on)}, must come after the start, {wording.day(starts_on)}.")
    plan = locks.plan(plan.pk)
    check_sold(plan, starts_on)
    locks.active_customer(customer.pk)
    locks.access_states([customer.pk])
    first_paid_day = starts_on + timedelta(days=plan.trial_days)
    subscription = Subscription(
        customer=customer,
        plan=plan,
        login=login,
        starts_on=starts_on,
        ends_on=ends_on,
        anchor=first_paid_day,
        created_at=now,
    )
    try:
        with transaction.atomic():
            subscription.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"The login {login} is taken. Choose another.") from error
    _begin(subscription, first_paid_day, now=now)
    return subscription


def _begin(subscription: Subscription, first_paid_day: date, *, now: datetime) -> None:
    """Access from the first day on, billing from the first paid one, and what is to happen later."""
    state = AccessState.objects.create(subscription=subscription)
    BillingState.objects.create(
        subscription=subscription, customer_id=subscription.customer_id, billed_until=subscription.starts_on
    )
    deferrals.inherit([subscription.customer_id])
    access.follow_bills([subscription.customer_id], now=now)  # an open bill of one-off items cuts it, too (rule E5)
    billing_states.skip_to(subscription.pk, first_paid_day, reason=UnbilledDays.Reason.TRIAL, now=now)
    billing_states.refresh([subscription.pk])
    if subscription.starts_on > clock.local_date(now):
        blocks.open_block(state, Block.Reason.PENDING, rule="L1", now=now)
        scheduled_changes.schedule(subscription, ScheduledChange.Kind.START, subscription.starts_on, now=now)
    if subscription.ends_on is not None:
        scheduled_changes.schedule(subscription, ScheduledChange.Kind.END, subscription.ends_on, now=now)


def check_sold(plan: Plan, day: date) -> None:
    """Raise Refused unless the plan is sold on ``day``."""
    if plan.available_from and day < plan.available_from:
        raise Refused(f"The plan {plan.name} is sold from {wording.day(plan.available_from)} on. Choose a later start.")
    if plan.available_until and day > plan.available_until:
        raise Refused(f"The plan {plan.name} was sold until {wording.day(plan.available_until)}. Choose another plan.")
