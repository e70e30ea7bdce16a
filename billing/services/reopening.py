"""A payment brings back what had ended because it was unpaid (rules E7, E16)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from billing.models import Block, ScheduledChange, Subscription, UnbilledDays
from billing.services import billing_states, blocks, clock, locks


def reopen(subscription_ids: Collection[int], *, now: datetime, by: Any = None) -> bool:
    """Open subscriptions of locked customers again that ended for non-payment, where their plan allows it.

    ``subscription_ids`` are those that are no longer unpaid. The days since the end are never billed.
    Returns whether there were any.
    """
    ended = Subscription.objects.filter(
        pk__in=subscription_ids, ended_unpaid_on__isnull=False, plan__reopens_when_paid=True
    )
    found = list(ended.order_by("pk"))
    for subscription in found:
        _reopen(subscription, now=now, by=by)
    return bool(found)


def _reopen(subscription: Subscription, *, now: datetime, by: Any) -> None:
    """Nothing, when it would have ended meanwhile in any case."""
    ends = ScheduledChange.objects.filter(subscription=subscription, kind=ScheduledChange.Kind.END)
    unpaid = ends.filter(status=ScheduledChange.Status.DONE).latest("pk")
    agreed = ends.filter(status=ScheduledChange.Status.CANCELLED, closed_at=unpaid.created_at).last()
    today = clock.local_date(now)
    if agreed and agreed.due_on <= today:
        return
    ends.filter(pk=unpaid.pk).update(status=ScheduledChange.Status.CANCELLED, closed_at=now)
    subscription.ended_unpaid_on = None
    subscription.ends_on = agreed.due_on if agreed else None
    subscription.save(update_fields=["ends_on", "ended_unpaid_on"])
    if agreed:
        ends.filter(pk=agreed.pk).update(status=ScheduledChange.Status.PENDING, closed_at=None)
    billing_states.skip_to(subscription.pk, today, reason=UnbilledDays.Reason.UNPAID, now=now)
    billing_states.refresh([subscription.pk])
    blocks.close_block(locks.access_state(subscription.pk), Block.Reason.ENDED, rule="E7", now=now, by=by)
