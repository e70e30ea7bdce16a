"""Access: cut who has not paid, restore who has, block and unblock by hand (rules E1 to E15)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing.models import Block, Subscription
from billing.rules.errors import Refused
from billing.services import blocks, clock, locks, policy
from billing.services.explanations import explain
from billing.words import gettext_lazy

__all__ = ["Freed", "disable", "explain", "follow_bills", "open_reasons", "restore"]

_FOLLOW = "SELECT * FROM billing_follow_bills(%s, %s, %s, %s, %s, %s)"

STAFF_REASONS = (Block.Reason.MANUAL, Block.Reason.ABUSE)
NOT_DISABLED_BY_HAND: dict[str, str] = {
    Block.Reason.UNPAID: gettext_lazy("Only an unpaid bill disables as unpaid. Choose another reason."),
    Block.Reason.HOLD: gettext_lazy("A hold has days of its own. Use “Hold” instead."),
    Block.Reason.QUOTA: gettext_lazy("A quota blocks by itself when it is used up. Choose another reason."),
    Block.Reason.ENDED: gettext_lazy("A subscription ends on a day of its own. Use “End” instead."),
}
NOT_RESTORED_BY_HAND: dict[str, str] = {
    Block.Reason.UNPAID: gettext_lazy("A block for unpaid bills ends with the payment. Receive the payment instead."),
    Block.Reason.HOLD: gettext_lazy("A hold ends with its return. Use “Resume” instead."),
    Block.Reason.QUOTA: gettext_lazy(
        "A used up quota ends with the period. Change the plan to one with a larger quota instead."
    ),
    Block.Reason.PENDING: gettext_lazy("It has not started yet: access comes with its first day."),
    Block.Reason.ENDED: gettext_lazy("It has ended. Open a new subscription instead."),
}


class Freed(NamedTuple):
    """A subscription whose *unpaid* block ended: whether access is back, and whether its bills were held up by it."""

    subscription_id: int
    is_on: bool
    is_held_up: bool


def follow_bills(customer_ids: Collection[int], *, now: datetime, by: Any = None, rule: str = "E7") -> list[Freed]:
    """Bring the cut-off instants of the subscriptions of locked customers in line with their open bills, promises
    and exclusions, and end the *unpaid* block of those that are no longer due (rules E4 to E7, E11).

    The caller's transaction changed them; ``rule`` is why access comes back. Returns those whose block ended.
    """
    minimum, actor = policy.minimum_debt(), by.pk if by else None
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, [list(customer_ids), minimum, now, clock.local_date(now), actor, rule])
        return [Freed(*row) for row in cursor.fetchall()]


@transaction.atomic(durable=True)
def disable(
    *, subscription: Subscription, now: datetime, by: Any = None, reason: str = Block.Reason.MANUAL, note: str = ""
) -> bool:
    """Block a subscription for a reason that staff give; False when it was blocked for it already.

    Raises:
        Refused: the reason is one that staff do not give, such as "unpaid" (rule E1).
    """
    if reason not in STAFF_REASONS:
        raise Refused(
            NOT_DISABLED_BY_HAND.get(
                reason, _("“{reason}” is not a reason to disable. Use manual or abuse.").format(reason=reason)
            )
        )
    locks.customer(subscription.customer_id)
    return blocks.open_block(locks.access_state(subscription.pk), reason, rule="E6", now=now, by=by, note=note)


@transaction.atomic(durable=True)
def restore(*, subscription: Subscription, now: datetime, by: Any = None, reason: str = Block.Reason.MANUAL) -> bool:
    """Take back a block that staff set; False when there was none. Other reasons stay (rule E6).

    Raises:
        Refused: the reason is one that staff do not take back: a payment ends "unpaid".
    """
    if reason not in STAFF_REASONS:
        raise Refused(
            NOT_RESTORED_BY_HAND.get(
                reason, _("“{reason}” is not a reason that staff take back.").format(reason=reason)
            )
        )
    locks.customer(subscription.customer_id)
    return blocks.close_block(locks.access_state(subscription.pk), reason, rule="E6", now=now, by=by)


def open_reasons(subscription_ids: Collection[int]) -> dict[int, list[str]]:
    """The open reasons against access, by subscription id; absent when there is none."""
    reasons: dict[int, list[str]] = {}
    found = Block.objects.filter(subscription__in=subscription_ids, closed_at=None).order_by("pk")
    for subscription_id, reason in found.values_list("subscription_id", "reason"):
        reasons.setdefault(subscription_id, []).append(reason)
    return reasons
