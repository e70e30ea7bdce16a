"""Holds: days of rest without access, which are not billed; the grid of periods stays (rule L3)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils.translation import gettext as _

from billing.models import BillingState, Block, Hold, ScheduledChange, Subscription, UnbilledDays
from billing.rules import holds as rules
from billing.rules.errors import Refused
from billing.services import (
    billing_states,
    blocks,
    clock,
    final_bills,
    locks,
    scheduled_changes,
    settlement,
    texts,
    unused_days,
    wording,
)

Kind, Status = ScheduledChange.Kind, ScheduledChange.Status


@transaction.atomic(durable=True)
def hold(
    *,
    subscription: Subscription,
    starts_on: date,
    now: datetime,
    by: Any = None,
    ends_on: date | None = None,
    note: str = "",
) -> Hold:
    """Put a subscription on hold from ``starts_on`` to before ``ends_on``, or until it is resumed.

    Asked again for the same days it gives the hold that there is.

    Raises:
        Refused: in the past, dates in impossible order, a day of another hold, an ended subscription.
    """
    subscription = _lock(subscription)
    for earlier in subscription.holds.filter(settled_at=None, days__startswith=starts_on):
        if earlier.days.upper == ends_on:
            return earlier
    today = clock.local_date(now)
    _check(subscription, starts_on, ends_on, first=max(today, subscription.starts_on))
    new = Hold.objects.create(
        subscription=subscription,
        days=DateRange(starts_on, ends_on),
        note=texts.checked(note, longest=200),
        created_at=now,
        created_by=by,
    )
    begin = scheduled_changes.schedule(subscription, Kind.HOLD, starts_on, hold=new, now=now, by=by)
    if ends_on is not None:
        scheduled_changes.schedule(subscription, Kind.RESUME, ends_on, hold=new, now=now, by=by)
    if starts_on == today:
        apply_hold(begin, now=now, by=by)
    billing_states.refresh([subscription.pk])
    return new


def _check(subscription: Subscription, starts_on: date, ends_on: date | None, *, first: date) -> None:
    if starts_on < first:
        raise Refused(
            "The hold would start on {starts_on}. Choose {first} or later.",
            starts_on=wording.day(starts_on),
            first=wording.day(first),
        )
    if subscription.ends_on is not None:
        raise Refused(
            "{subscription} ends on {ends_on}. Take the end back first.",
            subscription=subscription,
            ends_on=wording.day(subscription.ends_on),
        )
    others = [rules.Hold(other.days.lower, other.days.upper) for other in subscription.holds.all()]
    rules.checked(rules.Hold(starts_on, ends_on), others, say=wording.day)


@transaction.atomic(durable=True)
def resume(*, subscription: Subscription, now: datetime, by: Any = None) -> None:
    """End the running hold today: access comes back today, and the days on hold are credited.

    Raises:
        Refused: the subscription is not on hold.
    """
    subscription = _lock(subscription)
    today = clock.local_date(now)
    begun = list(subscription.holds.filter(settled_at=None, days__startswith__lte=today).order_by("days"))
    if not begun:
        raise Refused("{subscription} is not on hold.", subscription=subscription)
    for running in begun:
        _finish(subscription, running, min(today, running.days.upper or today), now=now, by=by)


def apply_hold(change: ScheduledChange, *, now: datetime, by: Any = None) -> None:
    """Begin a hold of a locked customer's subscription."""
    state = locks.access_state(change.subscription_id)
    blocks.open_block(state, Block.Reason.HOLD, rule="L3", now=now, by=by)
    scheduled_changes.done(change, now=now)


def apply_resume(change: ScheduledChange, *, now: datetime, by: Any = None) -> None:
    """End a hold of a locked customer's subscription on the day that was agreed."""
    subscription = Subscription.objects.select_related("customer").get(pk=change.subscription_id)
    if change.hold is not None:
        _finish(subscription, change.hold, change.due_on, now=now, by=by)


def finish_for_end(subscription: Subscription, day: date, *, now: datetime, by: Any = None) -> None:
    """End the holds of a locked customer's subscription that have begun, because the subscription ends."""
    begun = subscription.holds.filter(settled_at=None, changes__kind=Kind.HOLD, changes__status=Status.DONE)
    for running in begun.order_by("days"):
        _finish(subscription, running, min(day, running.days.upper or day), now=now, by=by)


def _finish(subscription: Subscription, running: Hold, day: date, *, now: datetime, by: Any) -> None:
    """Settle a hold whose last day is before ``day``."""
    first = running.days.lower
    final_bills.bill_until(subscription.customer, subscription.pk, first, now=now, by=by)
    ScheduledChange.objects.filter(hold=running, status__in=scheduled_changes.UNSETTLED).update(
        status=Status.DONE, closed_at=now
    )
    if day > first:
        running.days, running.settled_at = DateRange(first, day), now
        running.save(update_fields=["days", "settled_at"])
        _skip_or_credit(subscription, first, day, now=now, by=by)
    else:
        ScheduledChange.objects.filter(hold=running).update(hold=None)
        running.delete()
    if not subscription.holds.filter(settled_at=None, days__contains=day).exists():
        blocks.close_block(locks.access_state(subscription.pk), Block.Reason.HOLD, rule="L3", now=now, by=by)
    billing_states.refresh([subscription.pk])
    settlement.settle([subscription.customer_id], now=now, by=by)


def _skip_or_credit(subscription: Subscription, first: date, day: date, *, now: datetime, by: Any) -> None:
    if settings.CREDIT_UNUSED_DAYS:
        lines = unused_days.lines_from(subscription.pk, first)
        with wording.of_the_books():
            reason = _("On hold from {first} to before {day}").format(first=wording.day(first), day=wording.day(day))
        unused_days.credit_days(
            subscription.customer, lines, first, day, reason=reason, frees_days=False, now=now, by=by
        )
    if BillingState.objects.get(pk=subscription.pk).billed_until >= first:
        billing_states.skip_to(subscription.pk, day, reason=UnbilledDays.Reason.HOLD, now=now)


def _lock(subscription: Subscription) -> Subscription:
    customer = locks.active_customer(subscription.customer_id)
    locks.access_states([customer.pk])
    return Subscription.objects.select_related("customer").get(pk=subscription.pk)
