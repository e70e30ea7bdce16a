"""When a setting changes on which stored cut-off instants depend, they are computed anew (rule E4)."""

from __future__ import annotations

import logging
from datetime import datetime
from decimal import Decimal

from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing.models import FollowedPolicy
from billing.services import locks, policy, settlement
from billing.services.wording import plain

logger = logging.getLogger(__name__)

_OWING = """
    SELECT DISTINCT customer_id FROM billing_bill
    WHERE status = 'open' AND customer_id > %s ORDER BY customer_id LIMIT %s
"""


def follow(*, now: datetime, limit: int) -> None:
    """Compute the cut-off instants of all who owe anew when MINIMUM_DEBT is another than the last time.

    Works in batches of ``limit`` customers, each its own transaction; interrupted, it is done again.
    """
    minimum = policy.minimum_debt()
    if minimum == _followed():
        return
    customer_id = 0
    while owing := _owing(customer_id, limit):
        _follow(owing, now=now)
        customer_id = owing[-1]
    FollowedPolicy.objects.update_or_create(pk=1, defaults={"minimum_debt": minimum})
    logger.info("The cut-off instants follow the minimum debt of %s now", minimum)


def pending() -> str:
    """That the next sweep computes cut-off instants anew before it cuts, and why; empty when it does not."""
    minimum, followed = policy.minimum_debt(), _followed()
    if minimum == followed:
        return ""
    return _(
        "MINIMUM_DEBT is {minimum} now and was {followed}: the next check computes every cut-off anew "
        "before it cuts anybody. Look again after it."
    ).format(minimum=plain(minimum), followed=plain(followed))


def _followed() -> Decimal:
    return FollowedPolicy.objects.values_list("minimum_debt", flat=True).first() or Decimal(0)


def _owing(after: int, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_OWING, [after, limit])
        return [row[0] for row in cursor.fetchall()]


@transaction.atomic(durable=True)
def _follow(customer_ids: list[int], *, now: datetime) -> None:
    locked = locks.customers(customer_ids, wait=True)
    locks.access_states(locked)
    settlement.settle(locked, now=now, rule="E4")
