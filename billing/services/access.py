"""Access: cut who has not paid, restore who has, block and unblock by hand (rules E1 to E15)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from billing.models import Block, Subscription
from billing.rules.errors import Refused
from billing.services import blocks, locks

# A line that costs nothing, or was credited in full, cuts nobody (rule E1).
_SET_CUT_OFFS = """
    UPDATE billing_accessstate state SET cut_off_at = found.cut_off_at
    FROM (
        SELECT subscription.id, (
            SELECT min(line.cut_off_at)
            FROM billing_bill bill JOIN billing_billline line ON line.bill_id = bill.id
            WHERE bill.customer_id = subscription.customer_id AND bill.status = 'open'
                AND line.subscription_id = subscription.id AND line.amount > line.credited
        ) AS cut_off_at
        FROM billing_subscription subscription WHERE customer_id = ANY(%(customers)s)
    ) AS found
    WHERE state.subscription_id = found.id AND state.cut_off_at IS DISTINCT FROM found.cut_off_at
"""
_RESTORE = """
    WITH freed AS (
        UPDATE billing_block block SET closed_at = %(now)s
        FROM billing_accessstate state JOIN billing_subscription subscription ON subscription.id = state.subscription_id
        WHERE customer_id = ANY(%(customers)s) AND NOT is_on AND (cut_off_at IS NULL OR cut_off_at > %(now)s)
            AND block.subscription_id = state.subscription_id AND reason = 'unpaid' AND closed_at IS NULL
        RETURNING block.subscription_id
    ), judged AS (
        SELECT subscription_id, NOT EXISTS (
            SELECT FROM billing_block other
            WHERE other.subscription_id = freed.subscription_id AND closed_at IS NULL AND reason <> 'unpaid'
        ) AS is_on
        FROM freed
    ), switched AS (
        UPDATE billing_accessstate state SET is_on = true, version = version + 1
        FROM judged WHERE judged.is_on AND state.subscription_id = judged.subscription_id
    )
    INSERT INTO billing_accessevent (subscription_id, at, change, reason, rule, actor_id, was_on, is_on)
    SELECT subscription_id, %(now)s, 'unblocked', 'unpaid', 'E7', %(by)s, false, is_on
    FROM judged ORDER BY subscription_id
    RETURNING subscription_id
"""

STAFF_REASONS = (Block.Reason.MANUAL, Block.Reason.ABUSE)
NOT_DISABLED_BY_HAND: dict[str, str] = {
    Block.Reason.UNPAID: "Only an unpaid bill disables as unpaid. Choose another reason.",
    Block.Reason.HOLD: "A hold has days of its own. Use “Hold” instead.",
    Block.Reason.ENDED: "A subscription ends on a day of its own. Use “End” instead.",
}
NOT_RESTORED_BY_HAND: dict[str, str] = {
    Block.Reason.UNPAID: "A block for unpaid bills ends with the payment. Receive the payment instead.",
    Block.Reason.HOLD: "A hold ends with its return. Use “Resume” instead.",
    Block.Reason.PENDING: "It has not started yet: access comes with its first day.",
    Block.Reason.ENDED: "It has ended. Open a new subscription instead.",
}


def follow_bills(customer_ids: Collection[int], *, now: datetime, by: Any = None) -> list[int]:
    """Bring the cut-off instants of the subscriptions of locked customers in line with the open
    bills, and end the *unpaid* block of those that are no longer due (rules E5, E6, E7).

    The caller's transaction changed the bills. Returns the ids of the subscriptions whose block ended.
    """
    parameters = {"customers": list(customer_ids), "now": now, "by": by.pk if by else None}
    with connection.cursor() as cursor:
        cursor.execute(_SET_CUT_OFFS, parameters)
        cursor.execute(_RESTORE, parameters)
        return [row[0] for row in cursor.fetchall()]


@transaction.atomic(durable=True)
def disable(
    *, subscription: Subscription, now: datetime, by: Any = None, reason: str = Block.Reason.MANUAL, note: str = ""
) -> bool:
    """Block a subscription for a reason that staff give; False when it was blocked for it already.

    Raises:
        Refused: the reason is one that staff do not give, such as "unpaid" (rule E1).
    """
    if reason not in STAFF_REASONS:
        raise Refused(NOT_DISABLED_BY_HAND.get(reason, f"“{reason}” is not a reason to disable. Use manual or abuse."))
    locks.customer(subscription.customer_id)
    return blocks.open_block(locks.access_state(subscription.pk), reason, rule="E6", now=now, by=by, note=note)


@transaction.atomic(durable=True)
def restore(*, subscription: Subscription, now: datetime, by: Any = None, reason: str = Block.Reason.MANUAL) -> bool:
    """Take back a block that staff set; False when there was none. Other reasons stay (rule E6).

    Raises:
        Refused: the reason is one that staff do not take back: a payment ends "unpaid".
    """
    if reason not in STAFF_REASONS:
        raise Refused(NOT_RESTORED_BY_HAND.get(reason, f"“{reason}” is not a reason that staff take back."))
    locks.customer(subscription.customer_id)
    return blocks.close_block(locks.access_state(subscription.pk), reason, rule="E6", now=now, by=by)


def open_reasons(subscription_ids: Collection[int]) -> dict[int, list[str]]:
    """The open reasons against access, by subscription id; absent when there is none."""
    reasons: dict[int, list[str]] = {}
    found = Block.objects.filter(subscription__in=subscription_ids, closed_at=None).order_by("pk")
    for subscription_id, reason in found.values_list("subscription_id", "reason"):
        reasons.setdefault(subscription_id, []).append(reason)
    return reasons
