"""The network in figures, and what of it needs staff at once: for metrics and alarms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.utils import timezone as zones
from django.utils.translation import gettext as _

from billing.models import NetworkIntent, RouterState
from billing.services import clock
from billing.services.network import intents, targets
from billing.services.troubles import Trouble
from billing.services.wording import counted

LONGEST_WAIT = timedelta(minutes=10)  # of a change of access
LONGEST_SILENCE = timedelta(minutes=5)  # of a router

_FIGURES = """
    SELECT
        (SELECT count(*) FROM billing_networkintent WHERE applied_version IS DISTINCT FROM wanted_version),
        (SELECT min(requested_at) FROM billing_networkintent WHERE applied_version IS DISTINCT FROM wanted_version),
        (SELECT count(*) FROM billing_networkintent WHERE held <> ''),
        (SELECT count(*) FROM billing_router WHERE is_active),
        (SELECT count(*) FROM billing_routerstate state JOIN billing_router router ON router.id = router_id
            WHERE is_active AND failing_since IS NOT NULL),
        (SELECT count(*) FROM billing_onlinesession),
        (SELECT count(*) FROM billing_networkfinding WHERE resolved_at IS NULL)
"""


class Figures(NamedTuple):
    """Numbers of now; ``oldest`` is when the oldest change was wanted that is not applied."""

    waiting: int
    oldest: datetime | None
    held: int
    routers: int
    routers_failing: int
    sessions: int
    findings: int


def figures() -> Figures:
    with connection.cursor() as cursor:
        cursor.execute(_FIGURES)
        return Figures(*cursor.fetchone())


def not_applied(now: datetime) -> Iterator[Trouble]:
    """Changes of access that reach no router for too long; none while no router is in use (rule N6)."""
    if not targets.is_any_active():
        return
    late = NetworkIntent.objects.filter(intents.PENDING, requested_at__lt=now - LONGEST_WAIT).order_by("requested_at")
    if oldest := late.select_related("subscription").first():
        told = _(
            "{changes} of access not applied on the network, the oldest, {subscription}, since {since}{why}"
        ).format(
            changes=counted(late.count(), "change"),
            subscription=oldest.subscription,
            since=_minute(oldest.requested_at),
            why=f": {oldest.last_error}" if oldest.last_error else "",
        )
        yield Trouble("oldest", told)


def silent_routers(now: datetime) -> Iterator[Trouble]:
    """Routers in use that do not do what they are told, one trouble each."""
    failing = RouterState.objects.filter(router__is_active=True, failing_since__lt=now - LONGEST_SILENCE)
    for state in failing.select_related("router"):
        told = _("Router {router} fails since {since}: {error}").format(
            router=state.router, since=_minute(state.failing_since), error=state.last_error
        )
        yield Trouble(str(state.pk), told)


def _minute(value: datetime | None) -> str:
    return f"{zones.localtime(value, clock.zone()):%Y-%m-%d %H:%M}"
