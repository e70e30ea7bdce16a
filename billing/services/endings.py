"""The end of a subscription: unused days are credited, used ones billed (rule L6)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import Block, ScheduledChange, Subscription
from billing.rules.cancellation import checked_end
from billing.rules.errors import Refused
from billing.services import (
    billing_states,
    blocks,
    clock,
    final_bills,
    holds,
    locks,
    non_payment,
    scheduled_changes,
    settlement,
    unused_days,
    wording,
)


@transaction.atomic(durable=True)
def end(*, subscription: Subscription, on: date, now: datetime, by: Any = None) -> ScheduledChange:
    """End a subscription on ``on``, its first day without service: at once, or when the day comes.

    A second call for the same day gives the change that waits for it.

    Raises:
        Refused: in the past, before the start, or it ends already.
    """
    customer = locks.customer(subscription.customer_id)
    locks.access_states([customer.pk])
    subscription = Subscription.objects.get(pk=subscription.pk)
    today = clock.local_date(now)
    checked_end(on, starts_on=subscription.starts_on, say=wording.day)
    if on < today and today >= subscription.starts_on:
        raise Refused("It cannot end on {on}: that day is over. Choose today or later.", on=wording.day(on))
    if subscription.ends_on is not None and _is_settled(subscription):
        raise Refused(
            "{subscription} ended on {ends_on}.", subscription=subscription, ends_on=wording.day(subscription.ends_on)
        )
    change = _waiting(subscription, on) or _schedule(subscription, on, now=now, by=by)
    if on <= today or on == subscription.starts_on:
        apply(change, now=now, by=by)
    return change


@transaction.atomic(durable=True)
def end_unpaid(subscription_id: int, *, now: datetime) -> bool:
    """End a subscription today because it was unpaid for too long; False when that is not so any more (rule E16)."""
    subscription = Subscription.objects.select_related("plan").get(pk=subscription_id)
    locks.customer(subscription.customer_id)
    locks.access_states([subscription.customer_id])
    if not non_payment.is_due(subscription_id, now=now):
        return False
    today = clock.local_date(now)
    apply(_schedule(subscription, today, now=now, by=None), now=now, rule="E16")
    Subscription.objects.filter(pk=subscription_id).update(ended_unpaid_on=today)
    return True


def apply(change: ScheduledChange, *, now: datetime, by: Any = None, rule: str = "L6") -> None:
    """Let a locked customer's subscription end on the day that was agreed."""
    subscription = Subscription.objects.select_related("customer").get(pk=change.subscription_id)
    day = change.due_on
    scheduled_changes.done(change, now=now)
    holds.finish_for_end(subscription, day, now=now, by=by)
    scheduled_changes.cancel_all(subscription, now=now)
    final_bills.bill_until(subscription.customer, subscription.pk, day, now=now, by=by)
    if settings.CREDIT_UNUSED_DAYS:
        lines = unused_days.lines_from(subscription.pk, day)
        with wording.of_the_books():
            reason = _("End of {subscription} on {day}").format(subscription=subscription, day=wording.day(day))
        unused_days.credit_days(subscription.customer, lines, day, reason=reason, frees_days=True, now=now, by=by)
        billing_states.turn_back(subscription.pk, day)
    blocks.open_block(locks.access_state(subscription.pk), Block.Reason.ENDED, rule=rule, now=now, by=by)
    billing_states.refresh([subscription.pk])
    settlement.settle([subscription.customer_id], now=now, by=by)


def _is_settled(subscription: Subscription) -> bool:
    ends = ScheduledChange.objects.filter(subscription=subscription, kind=ScheduledChange.Kind.END)
    return ends.filter(status=ScheduledChange.Status.DONE).exists()


def _waiting(subscription: Subscription, on: date) -> ScheduledChange | None:
    ends = ScheduledChange.objects.filter(subscription=subscription, kind=ScheduledChange.Kind.END)
    return ends.filter(status=ScheduledChange.Status.PENDING, due_on=on).first()


def _schedule(subscription: Subscription, on: date, *, now: datetime, by: Any) -> ScheduledChange:
    """Another day for the end replaces the one that was scheduled."""
    subscription.ends_on = on
    subscription.save(update_fields=["ends_on"])
    ScheduledChange.objects.filter(
        subscription=subscription, kind=ScheduledChange.Kind.END, status__in=scheduled_changes.UNSETTLED
    ).update(status=ScheduledChange.Status.CANCELLED, closed_at=now)
    change = scheduled_changes.schedule(subscription, ScheduledChange.Kind.END, on, now=now, by=by)
    billing_states.refresh([subscription.pk])
    return change
