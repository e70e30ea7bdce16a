"""Reminders around a bill's due date: recorded once per bill and stage, sent by whoever sends (rules E2, E3, S3)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction

from billing.models import FollowedPolicy
from billing.services import clock, policy

# An outage is caught up: of the stages that a bill has passed since, the last one is recorded.
_RECORD = """
    WITH stage AS (
        SELECT unnest(%(stages)s::integer[]) AS days
    ), reached AS (
        SELECT bill.id, bill.customer_id, bill.due_on, max(days) AS days FROM stage
        JOIN billing_bill bill ON bill.due_on > %(since)s - days AND bill.due_on <= %(today)s - days
        WHERE status = 'open' GROUP BY bill.id
    )
    INSERT INTO billing_reminder (bill_id, days, recorded_at)
    SELECT id, days, %(now)s FROM reached
    WHERE %(minimum)s < (
        SELECT sum(total - allocated) FROM billing_bill other
        WHERE other.customer_id = reached.customer_id AND status = 'open' AND other.due_on <= reached.due_on
    ) AND NOT EXISTS (
        SELECT FROM billing_exclusion exclusion
        WHERE exclusion.customer_id = reached.customer_id AND ended_at IS NULL AND not_before > %(now)s AND NOT notices
    ) AND NOT EXISTS (
        SELECT FROM billing_promise promise
        WHERE promise.customer_id = reached.customer_id AND ended_at IS NULL AND not_before > %(now)s
            AND promise.subscription_id IS NULL
    )
    ORDER BY id ON CONFLICT DO NOTHING
"""


@transaction.atomic(durable=True)
def record(*, now: datetime) -> int:
    """Record the reminders that are due as of ``now`` and were not yet; how many.

    Nobody is reminded who owes nothing or no more than MINIMUM_DEBT, nor while a promise runs or an
    exclusion that stops notices. The first run looks at today alone.
    """
    today, days = clock.local_date(now), [stage.days for stage in policy.reminder_stages()]
    followed, _ = FollowedPolicy.objects.select_for_update().get_or_create(pk=1, defaults={"minimum_debt": 0})
    since = followed.reminded_through or today - timedelta(days=1)
    count = _record(days, since, today, now=now) if days and since < today else 0
    followed.reminded_through = max(today, since)
    followed.save(update_fields=["reminded_through"])
    return count


def _record(days: list[int], since: date, today: date, *, now: datetime) -> int:
    parameters: dict[str, Any] = {
        "stages": days,
        "since": since,
        "today": today,
        "now": now,
        "minimum": policy.minimum_debt(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, parameters)
        return int(cursor.rowcount)
