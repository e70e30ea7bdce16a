"""Many subscribers online at once, made by a few statements."""

from __future__ import annotations

from itertools import count

from django.db import connection

from tests.network.billing_side import subscriber
from tests.network.fake_radius import Online

_numbers = count(1)

_COPY = """
    WITH copied AS (
        INSERT INTO billing_subscription (customer_id, plan_id, login, starts_on, anchor, created_at)
        SELECT customer_id, plan_id, %(prefix)s || n, starts_on, anchor, created_at
        FROM billing_subscription, generate_series(1, %(size)s) n WHERE id = %(pattern)s RETURNING id
    )
    INSERT INTO billing_accessstate (subscription_id, is_on, version) SELECT id, true, 0 FROM copied
"""
_ONLINE = """
    INSERT INTO billing_onlinesession (
        unique_id, session_id, subscription_id, login, router_id, nas_address, calling_station, started_at,
        updated_at, session_seconds, download_bytes, upload_bytes, policy_class
    )
    SELECT 'u-' || policy.login, 's-' || policy.login, subscription_id, policy.login, %(router)s, '127.0.0.1', '',
        now(), now(), 0, 0, 0, policy.class
    FROM radius.policy policy WHERE starts_with(policy.login, %(prefix)s) RETURNING login
"""


def crowd(size: int, router, fake) -> list[str]:
    """So many subscriptions of one customer, each with a session on one router; their logins."""
    pattern, prefix = subscriber(), f"crowd{next(_numbers)}-"
    with connection.cursor() as cursor:
        cursor.execute(_COPY, {"prefix": prefix, "size": size, "pattern": pattern.pk})
        cursor.execute(_ONLINE, {"prefix": prefix, "router": router.pk})
        logins = [login for (login,) in cursor.fetchall()]
        cursor.execute("ANALYZE billing_subscription, billing_accessstate, billing_onlinesession")
    fake.sessions |= {f"s-{login}": Online(login) for login in logins}
    return logins


def switch_everybody(is_on: bool) -> None:
    """As a sweep does, in one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_accessstate state SET is_on = %s, version = version + 1 FROM billing_onlinesession session"
            " WHERE session.subscription_id = state.subscription_id",
            [is_on],
        )
