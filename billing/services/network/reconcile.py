"""Comparing the network with what billing wants, both ways, and repairing it (rule N5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import NamedTuple

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from billing.models import NetworkFinding
from billing.services.network import codes, findings, intents, local_entries, policy, targets, unknown_sessions
from billing.services.network.findings import Found
from billing.services.network.local_entries import Wrong

Kind = NetworkFinding.Kind
MOST_CLOSED = 5_000  # sessions that are closed in one run, because nothing was heard of them

# A session that was just ended stays here until the router's stop has come: it gets a minute, or its next packet.
_WRONG = """
    SELECT session.subscription_id, session.router_id, policy.login, session.policy_class, policy.class, policy.why,
        policy.state = 'off'
    FROM billing_onlinesession session
    JOIN billing_router router ON router.id = session.router_id AND router.is_active AND router.kind <> 'dry-run'
    JOIN radius.policy policy ON policy.subscription_id = session.subscription_id
    LEFT JOIN billing_networkintent intent ON intent.subscription_id = session.subscription_id
    WHERE (policy.state = 'off' OR session.policy_class <> policy.class)
        AND (intent IS NULL OR intent.applied_version = intent.wanted_version)
        AND (intent IS NULL OR policy.state = 'off' OR position(policy.class IN intent.held) = 0)
        AND (
            intent.applied_at IS NULL OR session.updated_at > intent.applied_at
            OR intent.applied_at NOT BETWEEN %(now)s - interval '1 minute' AND %(now)s + interval '1 minute'
        )
"""
# Silence of a router that says nothing at all tells nothing of its sessions.
_CLOSE_STALE = """
    SELECT count(radius.close_session(unique_id, updated_at, 'Lost-Interim')) FROM (
        SELECT unique_id, session.updated_at
        FROM billing_onlinesession session
        JOIN billing_routerstate state USING (router_id)
        JOIN billing_networkpolicy policy ON policy.id = 1
        WHERE session.updated_at < %(now)s - 3 * policy.interim_seconds * interval '1 second'
            AND state.last_contact_at > %(now)s - policy.interim_seconds * interval '1 second'
        ORDER BY session.id LIMIT %(limit)s FOR UPDATE OF session
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
    """Compare everything once; what is wrong is listed, and repaired as far as NETWORK_REPAIR says.

    Sessions of subscriptions are repaired by their intents (``sessions``), and entries that were once made for them
    are disabled; unknown logins and what else bypasses RADIUS only with ``all``. Nothing is done while no router is in
    use.
    """
    policy.follow()
    if not targets.is_any_active():
        return Reconciled()
    intents.bring_near()
    closed = _close_stale(now)
    unknown = unknown_sessions.look(repair=settings.NETWORK_REPAIR == "all")
    wrong = _wrong_sessions(now)
    on_routers = local_entries.look(repair=settings.NETWORK_REPAIR)
    note_wrong([*wrong, *on_routers.wrong], now=now, unread=on_routers.unread)
    return Reconciled(
        wrong=len({row.subscription_id for row in (*wrong, *on_routers.wrong)}),
        unknown=unknown,
        local=on_routers.local,
        closed=closed,
        held=findings.follow_held(),
    )


def note_wrong(wrong: Sequence[Wrong], *, now: datetime, unread: Sequence[int]) -> None:
    """List the subscriptions that are not as wanted, and have them brought to it."""
    heard = [reach.id for reach in targets.active() if reach.id not in unread]
    for kind in (Kind.WRONG_STATE, Kind.WRONG_SPEED):
        found = [Found(row.router_id, row.login, row.detail) for row in wrong if row.kind == kind]
        findings.settle(kind, found, router_ids=heard)
        findings.note(kind, found)
    if wrong and settings.NETWORK_REPAIR != "none":
        intents.enqueue({row.subscription_id for row in wrong}, reason="reconcile", now=now)


def _wrong_sessions(now: datetime) -> list[Wrong]:
    with connection.cursor() as cursor:
        cursor.execute(_WRONG, {"now": now})
        return [_wrong(_Seen(*row)) for row in cursor.fetchall()]


class _Seen(NamedTuple):
    """A row of ``_WRONG``: the class that the session has, the one that is wanted, and why nothing is."""

    subscription_id: int
    router_id: int
    login: str
    has: str
    wanted: str
    why: str
    is_off: bool


def _wrong(seen: _Seen) -> Wrong:
    kind = Kind.WRONG_STATE if seen.is_off else Kind.WRONG_SPEED
    if seen.is_off:
        told = _("Online, and is to be off: {why}").format(why=codes.in_words(seen.why))
    elif seen.has:
        told = _("Online under {has}, wanted is {wanted}").format(has=seen.has, wanted=seen.wanted)
    else:
        told = _("Online, and nobody knows under which policy")
    return Wrong(seen.subscription_id, seen.router_id, seen.login, told, kind)


def _close_stale(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_CLOSE_STALE, {"now": now, "limit": MOST_CLOSED})
        return int(cursor.fetchone()[0])
