"""Comparing the network with what billing wants, both ways, and repairing it (rule N5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from billing.models import NetworkFinding
from billing.services.network import findings, intents, local_entries, policy, targets, unknown_sessions
from billing.services.network.findings import Found
from billing.services.network.local_entries import Wrong
from billing.services.network.wrong_sessions import Watch

Kind = NetworkFinding.Kind
MOST_CLOSED = 5_000  # sessions that are closed in one run, because nothing was heard of them

_watch = Watch()  # of this process

# Silence of a router that says nothing at all tells nothing of its sessions, unless it is not listened to any more.
_CLOSE_STALE = """
    SELECT count(radius.close_session(unique_id, updated_at, 'Lost-Interim')) FROM (
        SELECT unique_id, updated_at
        FROM billing_onlinesession
        WHERE updated_at < %(now)s - 3 * (SELECT interim_seconds FROM billing_networkpolicy) * interval '1 second'
            AND router_id = ANY(ARRAY(
                SELECT router_id FROM billing_routerstate JOIN billing_networkpolicy policy ON policy.id = 1
                WHERE last_contact_at > %(now)s - interim_seconds * interval '1 second'
                UNION ALL SELECT id FROM billing_router WHERE NOT is_active
            ))
        ORDER BY id LIMIT %(limit)s FOR UPDATE
    ) AS stale
"""


@dataclass(frozen=True)
class Reconciled:
    """How much was wrong: subscriptions, unknown sessions, entries that bypass RADIUS; which sessions were closed."""

    wrong: int = 0
    unknown: int = 0
    local: int = 0
    closed: int = 0
    held: int = 0

    def __str__(self) -> str:
        told = _(
            "Subscriptions not as wanted: {wrong}, sessions of unknown logins: {unknown}, entries that bypass RADIUS: "
            "{local}, left alone: {held}; sessions closed of which nothing was heard: {closed}"
        )
        return told.format(**asdict(self))

    @property
    def total(self) -> int:
        return self.wrong + self.unknown + self.local + self.closed


def reconcile(*, now: datetime) -> Reconciled:
    """Compare what changed, and of all else a part in turn (``wrong_sessions``).

    What is wrong is listed, and repaired as far as NETWORK_REPAIR says.

    Sessions of subscriptions are repaired by their intents (``sessions``), and entries that were once made for them
    are disabled; unknown logins and what else bypasses RADIUS only with ``all``. While no router is in use, sessions
    that were left open are closed, and nothing else is done.
    """
    policy.follow()
    closed = _close_stale(now)
    if not targets.is_any_active():
        return Reconciled(closed=closed)
    intents.bring_near()
    findings.follow_denied()
    adopted = unknown_sessions.adopt()
    unknown = unknown_sessions.look(repair=settings.NETWORK_REPAIR == "all")
    wrong = _watch.wrong(now, also=adopted)
    on_routers = local_entries.look(repair=settings.NETWORK_REPAIR)
    note_wrong([*wrong, *on_routers.wrong], now=now, silent=on_routers.silent)
    return Reconciled(
        wrong=len({row.subscription_id for row in (*wrong, *on_routers.wrong)}),
        unknown=unknown,
        local=on_routers.local,
        closed=closed,
        held=findings.follow_held(),
    )


def note_wrong(wrong: Sequence[Wrong], *, now: datetime, silent: Sequence[int]) -> None:
    """List the subscriptions that are not as wanted, and have them brought to it."""
    heard = [reach.id for reach in targets.active() if reach.id not in silent]
    for kind in (Kind.WRONG_STATE, Kind.WRONG_SPEED):
        found = [Found(row.router_id, row.login, row.detail) for row in wrong if row.kind == kind]
        findings.settle(kind, found, router_ids=heard)
        findings.note(kind, found)
    if wrong and settings.NETWORK_REPAIR != "none":
        intents.enqueue({row.subscription_id for row in wrong}, reason="reconcile", now=now)


def _close_stale(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE_STALE, {"now": now, "limit": MOST_CLOSED})
        return int(cursor.fetchone()[0])
