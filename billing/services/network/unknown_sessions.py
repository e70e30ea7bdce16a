"""Sessions whose login belongs to no subscription."""

from __future__ import annotations

from django.db import connection
from django.utils.translation import gettext as _

from billing.models import NetworkFinding, OnlineSession, Router
from billing.network.base import Session
from billing.services.network import connections, findings
from billing.services.network.findings import Found

MOST_ENDED = 200  # in one run and on one router

_ADOPT = """
    WITH found AS (
        SELECT session.id, subscription.id AS subscription_id
        FROM billing_onlinesession session
        JOIN billing_subscription subscription ON lower(subscription.login) = lower(session.login)
        WHERE session.subscription_id IS NULL ORDER BY session.id FOR NO KEY UPDATE OF session
    )
    UPDATE billing_onlinesession session SET subscription_id = found.subscription_id FROM found
    WHERE session.id = found.id RETURNING session.id
"""


def adopt() -> list[int]:
    """Give sessions to subscriptions that came after them; the ids of the sessions."""
    with connection.cursor() as cursor:
        cursor.execute(_ADOPT)
        return [row[0] for row in cursor.fetchall()]


def look(*, repair: bool) -> int:
    """List the sessions of unknown logins on routers in use, and end them if that is wanted; how many."""
    unknown = list(OnlineSession.objects.filter(subscription=None, router__is_active=True).order_by("pk"))
    told = _("Online since {since} UTC; no subscription has it")
    found = [Found(one.router_id, one.login, told.format(since=f"{one.started_at:%Y-%m-%d %H:%M}")) for one in unknown]
    findings.settle(NetworkFinding.Kind.UNKNOWN_LOGIN, found)
    findings.note(NetworkFinding.Kind.UNKNOWN_LOGIN, found)
    if repair:
        _end(unknown)
    return len(unknown)


def _end(unknown: list[OnlineSession]) -> None:
    """One router after the other: each gets no more than it can do in a moment, and one that is silent nothing."""
    by_router: dict[int, list[Session]] = {}
    for one in unknown:
        session = Session(one.session_id, one.login, one.nas_address or "", one.framed_address, one.policy_class)
        by_router.setdefault(one.router_id, []).append(session)
    for router in Router.objects.filter(pk__in=by_router).exclude(state__failures__gt=0):
        connections.end(router, by_router[router.pk][:MOST_ENDED])
