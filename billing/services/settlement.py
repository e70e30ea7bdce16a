"""After money or bills changed: credit pays what is open, access and billing follow (rules M6, M8, E3, E7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from billing.models import Bill
from billing.services import access, billing_states, credit, renewals, reopening

# Who pays or promises wants the service; a debt that was given up, or is too small now, starts nothing.
REOPENS = ("E7", "E11")


def settle(
    customer_ids: Collection[int], *, now: datetime, by: Any = None, first: Iterable[Bill] = (), rule: str = "E7"
) -> None:
    """Bring everything of locked customers in line with their money, in the transaction that moved it.

    Whoever issues, voids, receives, credits, reverses or defers ends with this call; ``first`` are
    bills, one of a customer, that are paid before older ones; ``rule`` is why access comes back.
    """
    credit.apply(customer_ids, now=now, first=first)
    freed = access.follow_bills(customer_ids, now=now, by=by, rule=rule)
    held_up = [one.subscription_id for one in freed if one.is_held_up]
    still_off = [one.subscription_id for one in freed if not one.is_on]
    if still_off and rule in REOPENS and reopening.reopen(still_off, now=now, by=by):
        held_up = billing_states.held_up([one.subscription_id for one in freed], now=now)
    if not held_up:
        return
    if redated := renewals.redate(held_up, now=now, by=by):
        credit.apply(redated, now=now)
        access.follow_bills(redated, now=now, by=by)
    billing_states.resume(held_up, now=now)
