"""Subscriptions: open one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower

from billing.models import AccessState, BillingState, Block, Customer, Plan, ScheduledChange, Subscription, UnbilledDays
from billing.rules.errors import Refused
from billing.services import access, billing_states, blocks, clock, deferrals, locks, scheduled_changes, wording


@transaction.atomic(durable=True)
def open_subscription(
    *,
    customer: Customer,
    plan: Plan,
    login: str,
    starts_on: date,
    now: datetime,
    ends_on: date | None = None,
    paid_until: date | None = None,
    disabled: str = "",
    by: Any = None,
) -> Subscription:
    """A new subscription with access on; it is billed by ``bills.issue_period``.

    Args:
        starts_on: first day, the anchor of all its periods (rule T3).
        ends_on: first day without the service, or None for open-ended.
        paid_until: the last day that was paid for before it came here; its periods begin on the next one.
        disabled: why it is disabled by hand from the beginning; empty when it is not.

    Raises:
        Refused: dates in impossible order, a plan not sold on ``starts_on``, a login taken.
    """
    subscription = Subscription(customer=customer, login=login.strip(), starts_on=starts_on, ends_on=ends_on)
    _check(subscription)
    subscription.plan = plan = locks.plan(plan.pk)
    check_sold(plan, starts_on)
    locks.active_customer(customer.pk)
    locks.access_states([customer.pk])
    free_days = timedelta(days=plan.trial_days)
    first_paid_day = paid_until + timedelta(days=1) if paid_until else starts_on + free_days
    subscription.anchor, subscription.created_at = first_paid_day, now
    _save(subscription)
    reason = UnbilledDays.Reason.BEFORE if paid_until else UnbilledDays.Reason.TRIAL
    state = _begin(subscription, first_paid_day, reason, now=now)
    if disabled:
        blocks.open_block(state, Block.Reason.MANUAL, rule="E6", now=now, by=by, note=disabled)
    return subscription


def _check(subscription: Subscription) -> None:
    starts_on, ends_on = subscription.starts_on, subscription.ends_on
    if not subscription.login:
        raise Refused("A subscription needs a login.")
    same = Subscription.objects.annotate(lower=Lower("login")).filter(lower=subscription.login.lower())
    if taken := same.values_list("login", flat=True).first():  # routers do not tell A from a, and would let in neither
        raise Refused("The login {login} is taken. Choose another.", login=taken)
    if ends_on is not None and ends_on <= starts_on:
        raise Refused(
            "The end, {ends_on}, must come after the start, {starts_on}.",
            ends_on=wording.day(ends_on),
            starts_on=wording.day(starts_on),
        )


def _save(subscription: Subscription) -> None:
    try:
        with transaction.atomic():
            subscription.save(force_insert=True)
    except IntegrityError as error:
        raise Refused("The login {login} is taken. Choose another.", login=subscription.login) from error


def _begin(subscription: Subscription, first_paid_day: date, reason: str, *, now: datetime) -> AccessState:
    """Access from the first day on, billing from the first paid one, and what is to happen later."""
    state = AccessState.objects.create(subscription=subscription)
    BillingState.objects.create(
        subscription=subscription, customer_id=subscription.customer_id, billed_until=subscription.starts_on
    )
    deferrals.inherit([subscription.customer_id])
    access.follow_bills([subscription.customer_id], now=now)  # an open bill of one-off items cuts it, too (rule E5)
    billing_states.skip_to(subscription.pk, first_paid_day, reason=reason, now=now)
    billing_states.refresh([subscription.pk])
    if subscription.starts_on > clock.local_date(now):
        blocks.open_block(state, Block.Reason.PENDING, rule="L1", now=now)
        scheduled_changes.schedule(subscription, ScheduledChange.Kind.START, subscription.starts_on, now=now)
    if subscription.ends_on is not None:
        scheduled_changes.schedule(subscription, ScheduledChange.Kind.END, subscription.ends_on, now=now)
    state.refresh_from_db()
    return state


def check_sold(plan: Plan, day: date) -> None:
    """Raise Refused unless the plan is sold on ``day``."""
    if plan.available_from and day < plan.available_from:
        raise Refused(
            "The plan {plan} is sold from {available_from} on. Choose a later start.",
            plan=plan.name,
            available_from=wording.day(plan.available_from),
        )
    if plan.available_until and day > plan.available_until:
        raise Refused(
            "The plan {plan} was sold until {available_until}. Choose another plan.",
            plan=plan.name,
            available_until=wording.day(plan.available_until),
        )
