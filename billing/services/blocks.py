"""Open and close the blocks of a subscription; access is on when none is open (rules E6, E15)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Greatest

from billing.models import AccessEvent, AccessState, Bill, BillLine, Block
from billing.rules.access import NEVER, is_due


def open_block(
    state: AccessState,
    reason: str,
    *,
    rule: str,
    now: datetime,
    by: Any = None,
    bill: Bill | None = None,
    note: str = "",
) -> bool:
    """Open a block on a locked access state; False when one is open for this reason already."""
    if is_blocked(state, reason):
        return False
    Block.objects.create(subscription_id=state.pk, reason=reason, bill=bill, opened_at=now, note=note)
    _record(state, AccessEvent.Change.BLOCKED, reason, is_on=False, rule=rule, now=now, by=by, bill=bill)
    return True


def close_block(state: AccessState, reason: str, *, rule: str, now: datetime, by: Any = None) -> bool:
    """Close a block on a locked access state; False when none is open for this reason.

    A subscription whose bills fell due meanwhile goes straight over into *unpaid*: it is not
    online between this and the next sweep.
    """
    if not is_blocked(state, reason):
        return False
    if is_due(state.cut_off_at, now) and not is_blocked(state, Block.Reason.UNPAID):
        open_block(state, Block.Reason.UNPAID, rule="E1", now=now, bill=_bill_that_cuts(state))
    open_blocks = Block.objects.filter(subscription_id=state.pk, closed_at=None)
    open_blocks.filter(reason=reason).update(closed_at=Greatest(Value(now), F("opened_at")))  # clocks are set back
    is_on = not open_blocks.exists()
    _record(state, AccessEvent.Change.UNBLOCKED, reason, is_on=is_on, rule=rule, now=now, by=by)
    return True


def is_blocked(state: AccessState, reason: str) -> bool:
    return Block.objects.filter(subscription_id=state.pk, reason=reason, closed_at=None).exists()


def unpaid_bills(subscription_id: int, at: datetime | None) -> QuerySet[Bill]:
    """The open bills that cut a subscription as of ``at``, or ever, the oldest due date first (rules E1, E2, E5)."""
    lines = BillLine.objects.filter(
        Q(subscription=subscription_id) | Q(subscription=None),
        bill=OuterRef("pk"),
        amount__gt=F("credited"),
        cut_off_at__lte=at or NEVER,
    )
    bills = Bill.objects.filter(status=Bill.Status.OPEN, customer__subscriptions=subscription_id)
    return bills.filter(Exists(lines)).order_by("due_on", "pk")


def _bill_that_cuts(state: AccessState) -> Bill | None:
    return unpaid_bills(state.pk, state.cut_off_at).first()


def _record(
    state: AccessState,
    change: str,
    reason: str,
    *,
    is_on: bool,
    rule: str,
    now: datetime,
    by: Any,
    bill: Bill | None = None,
) -> None:
    """Write one access event and, when access itself changed, the hot state."""
    AccessEvent.objects.create(
        subscription_id=state.pk,
        at=now,
        change=change,
        reason=reason,
        rule=rule,
        bill=bill,
        actor=by,
        was_on=state.is_on,
        is_on=is_on,
    )
    if state.is_on != is_on:
        state.is_on = is_on
        state.version += 1
        state.save(update_fields=["is_on", "version"])
