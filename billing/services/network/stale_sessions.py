"""Open sessions of which nothing was heard for three intervals: they have ended unseen, or are not reported at all."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _

from billing.models import NetworkFinding, NetworkPolicy
from billing.services.network import findings
from billing.services.network.findings import Found
from billing.services.network.policy import SILENCE

Kind = NetworkFinding.Kind
MOST_CLOSED = 5_000  # sessions that are closed in one run
AT_ITS_START = 30  # seconds: what a session was reported with that was not heard of again after its start

# Silence of a router that says nothing at all tells nothing of its sessions, unless it is not listened to any more.
_CLOSE = f"""
    SELECT router_id, is_active, count(radius.close_session(unique_id, updated_at, 'Lost-Interim')),
        count(*) FILTER (WHERE session_seconds < %(start)s)
    FROM (
        SELECT unique_id, updated_at, router_id, session_seconds
        FROM billing_onlinesession session JOIN billing_networkpolicy told ON told.id = 1
        WHERE updated_at < %(now)s - {SILENCE}
            AND router_id = ANY(ARRAY(
                SELECT router_id FROM billing_routerstate JOIN billing_networkpolicy policy ON policy.id = 1
                WHERE last_contact_at > %(now)s - interim_seconds * interval '1 second'
                UNION ALL SELECT id FROM billing_router WHERE NOT is_active
            ))
        ORDER BY session.id LIMIT %(limit)s FOR UPDATE OF session
    ) AS stale JOIN billing_router router ON router.id = router_id
    GROUP BY router_id, is_active
"""  # noqa: S608  (a text of ours)
_REPORTED = """
    SELECT router_id FROM unnest(%s::bigint[]) AS asked (router_id)
    WHERE EXISTS (
        SELECT FROM billing_onlinesession session WHERE session.router_id = asked.router_id AND session_seconds >= %s
    ) OR NOT EXISTS (SELECT FROM billing_router router WHERE router.id = asked.router_id AND is_active)
"""


def close(now: datetime) -> int:
    """Close them; how many. List the routers in use that report no session after its start, until they do."""
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE, {"now": now, "limit": MOST_CLOSED, "start": AT_ITS_START})
        rows = cursor.fetchall()
    never = {router_id: count for router_id, is_active, _closed, count in rows if is_active and count}
    listed = NetworkFinding.objects.filter(kind=Kind.NO_UPDATES, resolved_at=None).values_list("router", flat=True)
    reported = _reported({*never, *listed})
    findings.settle(Kind.NO_UPDATES, [], router_ids=reported)
    _note({router_id: count for router_id, count in never.items() if router_id not in reported})
    return sum(closed for _router, _is_active, closed, _never in rows)


def _reported(router_ids: Collection[int]) -> set[int]:
    """Those that report sessions after their start, or are not in use any more."""
    if not router_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_REPORTED, [sorted(router_ids), AT_ITS_START])
        return {row[0] for row in cursor.fetchall()}


def _note(never: dict[int, int]) -> None:
    if not never:
        return
    told = _(
        "No session is reported after its start; {count} were just closed for that, and who is in them cannot be cut. "
        "Turn on interim updates on the router, every {seconds} seconds (NETWORK_INTERIM_SECONDS)."
    )
    seconds = NetworkPolicy.objects.values_list("interim_seconds", flat=True).get()
    notes = (Found(router_id, "", told.format(count=count, seconds=seconds)) for router_id, count in never.items())
    findings.note(Kind.NO_UPDATES, notes)
