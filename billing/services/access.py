"""Access: cut who has not paid, restore who has, block and unblock by hand (rules E1 to E15)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from billing.models import Block, Subscription
from billing.rules.errors import Refused
from billing.services import blocks, locks, policy
from billing.services.explanations import explain

__all__ = ["disable", "explain", "follow_bills", "open_reasons", "restore"]

_FOLLOW = """
    WITH judged AS MATERIALIZED (
        SELECT subscription_id, due.cut_off_at, NOT is_on AND coalesce(due.cut_off_at > %(now)s, true) AND EXISTS (
            SELECT FROM billing_block block
            WHERE block.subscription_id = state.subscription_id AND reason = 'unpaid' AND closed_at IS NULL
        ) AS is_freed
        FROM billing_cut_offs(%(customers)s, %(minimum)s) AS due JOIN billing_accessstate state USING (subscription_id)
    ), switched AS MATERIALIZED (
        SELECT judged.*, is_freed AND NOT EXISTS (
            SELECT FROM billing_block block
            WHERE block.subscription_id = judged.subscription_id AND reason <> 'unpaid' AND closed_at IS NULL
        ) AS comes_back
        FROM judged
    ), followed AS (
        UPDATE billing_accessstate state
        SET cut_off_at = switched.cut_off_at, is_on = is_on OR comes_back, version = version + comes_back::integer
        FROM switched
        WHERE state.subscription_id = switched.subscription_id
            AND (comes_back OR state.cut_off_at IS DISTINCT FROM switched.cut_off_at)
    ), unblocked AS (
        UPDATE billing_block SET closed_at = greatest(%(now)s, opened_at)
        WHERE reason = 'unpaid' AND closed_at IS NULL
            AND subscription_id = ANY(ARRAY(SELECT subscription_id FROM switched WHERE is_freed))
    )
    INSERT INTO billing_accessevent (subscription_id, at, change, reason, rule, actor_id, was_on, is_on)
    SELECT subscription_id, %(now)s, 'unblocked', 'unpaid', %(rule)s, %(by)s, false, comes_back
    FROM switched WHERE is_freed ORDER BY subscription_id
    RETURNING subscription_id, is_on
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


def follow_bills(customer_ids: Collection[int], *, now: datetime, by: Any = None, rule: str = "E7") -> dict[int, bool]:
    """Bring the cut-off instants of the subscriptions of locked customers in line with their open bills, promises
    and exclusions, and end the *unpaid* block of those that are no longer due (rules E4 to E7, E11).

    The caller's transaction changed them; ``rule`` is why access comes back. Returns whether access
    is back, by the id of each subscription whose block ended.
    """
    parameters = {
        "customers": list(customer_ids),
        "minimum": policy.minimum_debt(),
        "now": now,
        "by": by.pk if by else None,
        "rule": rule,
    }
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, parameters)
        return dict(cursor.fetchall())


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
