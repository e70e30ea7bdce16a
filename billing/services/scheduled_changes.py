"""Changes that happen on a later day: rows that can be taken back before (rule L1)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import Customer, Hold, Plan, ScheduledChange, Subscription
from billing.rules.errors import Refused
from billing.services import billing_states, final_bills, locks, settlement, unused_days, wording

Kind, Status = ScheduledChange.Kind, ScheduledChange.Status
UNSETTLED = (Status.PENDING, Status.FAILED)


def schedule(
    subscription: Subscription,
    kind: str,
    due_on: date,
    *,
    now: datetime,
    by: Any = None,
    plan: Plan | None = None,
    hold: Hold | None = None,
) -> ScheduledChange:
    """A change of a locked customer's subscription that waits for its day.

    Raises:
        Refused: one of its kind waits already.
    """
    if hold is None:
        _check_none_waits(subscription, kind)
    return ScheduledChange.objects.create(
        subscription=subscription, kind=kind, due_on=due_on, plan=plan, hold=hold, created_at=now, created_by=by
    )


@transaction.atomic(durable=True)
def take_back(*, change: ScheduledChange, now: datetime, by: Any = None) -> None:
    """Let a scheduled change not happen. What was billed for the new plan already is credited, and the old one billed.

    Raises:
        Refused: it happened already, or is the return from a hold that has begun.
    """
    customer = locks.customer(change.subscription.customer_id)
    locks.access_states([customer.pk])
    change.refresh_from_db()
    if change.status not in UNSETTLED:
        raise Refused("“{change}” is {status} already.", change=change, status=change.get_status_display().lower())
    if change.kind == Kind.START:
        raise Refused("A start cannot be taken back. End the subscription instead.")
    if change.kind == Kind.RESUME and change.hold is not None and not _waits_to_begin(change.hold):
        raise Refused("The hold has begun. Resume the subscription instead.")
    _undo(change, now=now)
    billing_states.refresh([change.subscription_id])
    if change.kind == Kind.PLAN:
        _bill_old_plan(customer, change, now=now, by=by)


@transaction.atomic(durable=True)
def try_again(*, change: ScheduledChange) -> None:
    """Let the next run make a change happen that failed.

    Raises:
        Refused: it did not fail, or another one of its kind waits already.
    """
    locks.customer(change.subscription.customer_id)
    change.refresh_from_db()
    if change.status != Status.FAILED:
        raise Refused("“{change}” did not fail: there is nothing to try again.", change=change)
    if change.hold_id is None:
        _check_none_waits(change.subscription, change.kind)
    change.status, change.error, change.closed_at = Status.PENDING, "", None
    change.save(update_fields=["status", "error", "closed_at"])
    billing_states.refresh([change.subscription_id])


def done(change: ScheduledChange, *, now: datetime) -> None:
    """The change has happened."""
    change.status, change.closed_at = Status.DONE, now
    change.save(update_fields=["status", "closed_at"])


def cancel_all(subscription: Subscription, *, now: datetime) -> None:
    """Take back whatever waits for a locked customer's subscription, because it ends."""
    for change in ScheduledChange.objects.filter(subscription=subscription, status__in=UNSETTLED):
        change.refresh_from_db()
        if change.status in UNSETTLED:
            _undo(change, now=now)


def _check_none_waits(subscription: Subscription, kind: str) -> None:
    waiting = ScheduledChange.objects.filter(subscription=subscription, kind=kind, status=Status.PENDING)
    if earlier := waiting.first():
        raise Refused(
            "{subscription} has a {kind} on {due_on}. Take it back first.",
            subscription=subscription,
            kind=earlier.get_kind_display(),
            due_on=wording.day(earlier.due_on),
        )


def _undo(change: ScheduledChange, *, now: datetime) -> None:
    together = ScheduledChange.objects.filter(pk=change.pk)
    if change.hold_id is not None:
        together = ScheduledChange.objects.filter(hold=change.hold_id, status__in=UNSETTLED)
    hold = change.hold
    removes_hold = hold is not None and _waits_to_begin(hold)
    together.update(status=Status.CANCELLED, closed_at=now)
    if removes_hold and hold is not None:
        ScheduledChange.objects.filter(hold=hold).update(hold=None)
        hold.delete()
    if change.kind == Kind.END:
        Subscription.objects.filter(pk=change.subscription_id).update(ends_on=None)


def _bill_old_plan(customer: Customer, change: ScheduledChange, *, now: datetime, by: Any) -> None:
    """Put the plan that stays on a bill instead of the one that was billed ahead of the change."""
    subscription_id, day = change.subscription_id, change.due_on
    lines = [line for line in unused_days.lines_from(subscription_id, day) if line.plan_id == change.plan_id]
    if not lines:
        return
    with wording.of_the_books():
        reason = _("No {change}").format(change=change)
    unused_days.credit_days(customer, lines, day, reason=reason, frees_days=True, now=now, by=by)
    billing_states.turn_back(subscription_id, day)
    billing_states.refresh([subscription_id])
    final_bills.bill_until(customer, subscription_id, day, now=now, by=by, and_due=True)
    settlement.settle([customer.pk], now=now, by=by)


def _waits_to_begin(hold: Hold) -> bool:
    return ScheduledChange.objects.filter(hold=hold, kind=Kind.HOLD, status__in=UNSETTLED).exists()
