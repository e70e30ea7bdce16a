"""Who is to be off, judged from due dates, grace days, promises and exclusions alone."""

from __future__ import annotations

from datetime import date

from django.db import connection

_ACCESS = """
    SELECT login, is_on, ARRAY(
        SELECT reason FROM billing_block block
        WHERE block.subscription_id = subscription.id AND closed_at IS NULL
    ), EXISTS (
        SELECT FROM billing_billline line
        JOIN billing_bill bill ON bill.id = line.bill_id JOIN billing_plan plan ON plan.id = line.plan_id
        WHERE line.subscription_id = subscription.id AND bill.status = 'open' AND amount > line.credited
            AND %(today)s > due_on + coalesce(grace_days, 0)
    ) AND NOT EXISTS (
        SELECT FROM billing_promise promise
        WHERE promise.customer_id = subscription.customer_id AND ended_at IS NULL AND until >= %(today)s
    ) AND NOT EXISTS (
        SELECT FROM billing_exclusion exclusion
        WHERE exclusion.customer_id = subscription.customer_id AND ended_at IS NULL
            AND coalesce(until >= %(today)s, true)
    )
    FROM billing_subscription subscription JOIN billing_accessstate state ON state.subscription_id = subscription.id
"""


def seen(today: date) -> list[tuple]:
    """Login, access, open reasons, and whether something of it is overdue and not deferred."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCESS, {"today": today})
        return cursor.fetchall()
