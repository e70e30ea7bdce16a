"""Comparing the network with what billing wants, both ways, and repairing it (rule N5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.conf import settings
from django.utils.translation import gettext as _

from billing.models import NetworkFinding
from billing.services.network import findings, intents, local_entries, policy, stale_sessions, targets, unknown_sessions
from billing.services.network.findings import Found
from billing.services.network.local_entries import Wrong
from billing.services.network.wrong_sessions import Watch

Kind = NetworkFinding.Kind
_watch = Watch()  # of this process


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
    closed = stale_sessions.close(now)
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
