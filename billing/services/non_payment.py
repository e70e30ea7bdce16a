"""Which subscriptions have been disabled as unpaid for so long that they end (rule E16)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection

from billing.services import clock

_DUE = """
    SELECT block.subscription_id FROM billing_block block
    JOIN billing_subscription subscription ON subscription.id = block.subscription_id
    JOIN billing_plan plan ON plan.id = plan_id
    WHERE reason = 'unpaid' AND closed_at IS NULL AND coalesce(end_after_days, %(default)s) > 0
        AND (opened_at AT TIME ZONE %(zone)s)::date + coalesce(end_after_days, %(default)s) <= %(today)s
        AND NOT EXISTS (
            SELECT FROM billing_block ended
            WHERE ended.subscription_id = block.subscription_id AND ended.reason = 'ended' AND ended.closed_at IS NULL
        )
"""


def due(*, now: datetime) -> list[int]:
    """The ids of the subscriptions that end now, in order."""
    return _ids(_DUE + " ORDER BY 1", now)


def is_due(subscription_id: int, *, now: datetime) -> bool:
    """Whether one subscription ends now."""
    return bool(_ids(_DUE + " AND block.subscription_id = %(id)s", now, id=subscription_id))


def _ids(statement: str, now: datetime, **more: Any) -> list[int]:
    parameters = {
        "default": settings.END_AFTER_DAYS,
        "zone": str(clock.zone()),
        "today": clock.local_date(now),
        **more,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [row[0] for row in cursor.fetchall()]
