"""Change the plan of a subscription, now or at the end of its period (rule L2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from billing.models import Bill, BillingState, CreditNote, Plan, ScheduledChange, Subscription
from billing.rules.errors import Refused
from billing.services import (
    billing_states,
    clock,
    final_bills,
    locks,
    scheduled_changes,
    settlement,
    subscriptions,
    unused_days,
    wording,
)


@dataclass(frozen=True)
class Outcome:
    """What a change of plan came to: the documents, and the net that they add to what is owed."""

    notes: Sequence[CreditNote]
    bill: Bill | None

    @property
    def credit(self) -> Decimal:
        return sum((note.total for note in self.notes), Decimal(0))

    @property
    def charge(self) -> Decimal:
        return self.bill.total if self.bill else Decimal(0)

    @property
    def net(self) -> Decimal:
        """Charge less credit; below zero it stays as credit for bills to come."""
        return self.charge - self.credit


@transaction.atomic(durable=True)
def change_now(*, subscription: Subscription, plan: Plan, now: datetime, by: Any = None) -> Outcome:
    """Change the plan from today on: credit for the unused days, one bill for the new plan's.

    A second call for the same plan on the same day gives what the first one came to.

    Raises:
        Refused: the same plan, one that is not sold today, an ended or held subscription.
    """
    plan, today = locks.plan(plan.pk), clock.local_date(now)
    subscription = _lock(subscription)
    if earlier := _earlier(subscription, plan, today):
        return earlier
    _check_changeable(subscription, plan)
    if today < subscription.starts_on:
        raise Refused(
            "{subscription} starts on {starts_on}. Change it at the period's end instead.",
            subscription=subscription,
            starts_on=wording.day(subscription.starts_on),
        )
    subscriptions.check_sold(plan, today)
    change = scheduled_changes.schedule(subscription, ScheduledChange.Kind.PLAN, today, plan=plan, now=now, by=by)
    return apply(change, now=now, by=by)


@transaction.atomic(durable=True)
def change_at_period_end(*, subscription: Subscription, plan: Plan, now: datetime, by: Any = None) -> ScheduledChange:
    """Change the plan when the days that are billed or running are over; until then it can be taken back.

    A second call for the same plan gives the change that waits for its day.

    Raises:
        Refused: as ``change_now`` does, or a change is scheduled already.
    """
    plan = locks.plan(plan.pk)
    subscription = _lock(subscription)
    if waiting := _changes_to(plan, subscription, ScheduledChange.Status.PENDING).first():
        return waiting
    _check_changeable(subscription, plan)
    due_on = period_end(subscription, clock.local_date(now))
    subscriptions.check_sold(plan, due_on)
    change = scheduled_changes.schedule(subscription, ScheduledChange.Kind.PLAN, due_on, plan=plan, now=now, by=by)
    billing_states.refresh([subscription.pk])
    return change


def apply(change: ScheduledChange, *, now: datetime, by: Any = None) -> Outcome:
    """Make a scheduled change of a locked customer's subscription happen, as of its day."""
    subscription = Subscription.objects.select_related("plan", "customer").get(pk=change.subscription_id)
    plan = _plan_of(change)
    notes = _free_days(subscription, plan, change.due_on, now=now, by=by)
    bill = final_bills.bill_until(subscription.customer, subscription.pk, change.due_on, now=now, by=by, and_due=True)
    if not plan.has_grid_of(subscription.plan):
        subscription.anchor = max(change.due_on, subscription.anchor)
    subscription.plan = plan
    subscription.save(update_fields=["plan", "anchor"])
    scheduled_changes.done(change, now=now)
    billing_states.refresh([subscription.pk])
    settlement.settle([subscription.customer_id], now=now, by=by)
    return Outcome(notes, bill)


def _lock(subscription: Subscription) -> Subscription:
    customer = locks.active_customer(subscription.customer_id)
    locks.access_states([customer.pk])
    return Subscription.objects.select_related("plan").get(pk=subscription.pk)


def _changes_to(plan: Plan, subscription: Subscription, status: str) -> QuerySet[ScheduledChange]:
    return ScheduledChange.objects.filter(subscription=subscription, plan=plan, status=status)


def _earlier(subscription: Subscription, plan: Plan, today: date) -> Outcome | None:
    """What the change came to by which a locked subscription is on the plan since today."""
    change = _changes_to(plan, subscription, ScheduledChange.Status.DONE).filter(due_on=today).last()
    if change is None or subscription.plan_id != plan.pk:
        return None
    documents = {"customer": subscription.customer_id, "issued_at": change.closed_at}
    return Outcome(list(CreditNote.objects.filter(**documents)), Bill.objects.filter(**documents).first())


def _check_changeable(subscription: Subscription, plan: Plan) -> None:
    if plan.pk == subscription.plan_id:
        raise Refused(
            "{subscription} is on the plan {plan} already. Choose another one.", subscription=subscription, plan=plan
        )
    if subscription.ends_on is not None:
        raise Refused(
            "{subscription} ends on {ends_on}. Take the end back first.",
            subscription=subscription,
            ends_on=wording.day(subscription.ends_on),
        )
    if subscription.holds.filter(settled_at=None).exists():
        raise Refused("{subscription} has a hold. Resume it, or take the hold back, first.", subscription=subscription)


def _free_days(subscription: Subscription, plan: Plan, day: date, *, now: datetime, by: Any) -> list[CreditNote]:
    """Credit what the old plan billed from ``day`` on, so that the new one bills these days."""
    lines = [line for line in unused_days.lines_from(subscription.pk, day) if line.plan_id != plan.pk]
    if not lines:
        return []
    with wording.of_the_books():
        reason = _("Change of plan to {plan} on {day}").format(plan=plan, day=wording.day(day))
    notes = unused_days.credit_days(
        subscription.customer,
        lines,
        day,
        reason=reason,
        frees_days=True,
        now=now,
        by=by,
    )
    billing_states.turn_back(subscription.pk, day)
    return notes


def period_end(subscription: Subscription, today: date) -> date:
    """The first day after those that are billed already, or else after the period that runs today."""
    billed_until = BillingState.objects.get(pk=subscription.pk).billed_until
    if billed_until > today:
        return billed_until
    return subscription.schedule.holding(today).end


def _plan_of(change: ScheduledChange) -> Plan:
    if change.plan is None:
        raise Refused("“{change}” names no plan.", change=change)
    return change.plan
