"""Open sessions that are not as wanted: of all after a change that concerns all, else of those that changed (N5).

To judge a session takes some microseconds, so that 100,000 of them each minute would be a second of work in which
next to nothing is found. Whatever decides something tells the network in its own transaction. So a run looks at what
was told until its router must have reported, at what began since and at what is listed as wrong; and at some others in
turn, for what nobody told: writes past the triggers, or a router that says nothing of what it does.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db import connection
from django.utils.translation import gettext as _

from billing.models import NetworkFinding, NetworkPolicy, Router
from billing.services import clock
from billing.services.network import codes
from billing.services.network.local_entries import Wrong

IN_TURN = 2_000  # sessions of which nothing is known to have changed, in one run

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
        ){which}
"""
_CHANGED = """
    AND session.id = ANY(ARRAY(
        (SELECT id FROM billing_onlinesession WHERE id > %(after)s ORDER BY id LIMIT %(limit)s)
        UNION SELECT id FROM billing_onlinesession WHERE id > %(known)s
        UNION SELECT session.id FROM billing_networkintent intent
            JOIN billing_onlinesession session ON session.subscription_id = intent.subscription_id
            WHERE intent.applied_at > %(now)s - (
                SELECT 3 * interim_seconds * interval '1 second' FROM billing_networkpolicy
            )
        UNION SELECT session.id FROM billing_networkfinding finding
            JOIN billing_subscription subscription ON lower(subscription.login) = finding.login
            JOIN billing_onlinesession session ON session.subscription_id = subscription.id
            WHERE finding.resolved_at IS NULL AND finding.kind IN ('wrong-state', 'wrong-speed')
        UNION SELECT unnest(%(also)s::bigint[])
    ))
"""
_NEXT = """
    SELECT (
        SELECT max(id) FROM (
            SELECT id FROM billing_onlinesession WHERE id > %(after)s ORDER BY id LIMIT %(limit)s
        ) AS turn HAVING count(*) = %(limit)s
    ), (SELECT max(id) FROM billing_onlinesession)
"""


@dataclass(frozen=True)
class _Basis:
    """What all policies follow from without a word to the network: settings, the local day, routers in use."""

    settings: tuple[Any, ...]
    day: date
    router_ids: frozenset[int]


class Watch:
    """What a process remembers from one run to the next; a new one begins with all sessions."""

    def __init__(self) -> None:
        self._basis: _Basis | None = None
        self._after = 0  # the last session that was looked at in turn
        self._newest = (0, 0)  # sessions at the run before the last, and at the last: some were not committed then

    def wrong(self, now: datetime, *, also: Collection[int] = ()) -> list[Wrong]:
        """The sessions that are not as wanted, as far as this run looks: at those of the ids ``also``, too."""
        basis, known = self._now(now), self._newest[0]
        scope: dict[str, Any] = {"now": now, "after": self._after, "limit": IN_TURN, "known": known, "also": list(also)}
        with connection.cursor() as cursor:
            cursor.execute(_NEXT, scope)
            after, newest = cursor.fetchone()
            cursor.execute(_WRONG.format(which="" if basis != self._basis else _CHANGED), scope)
            found = [_wrong(_Seen(*row)) for row in cursor.fetchall()]
        self._basis, self._after, self._newest = basis, after or 0, (self._newest[1], newest or 0)
        return found

    @staticmethod
    def _now(now: datetime) -> _Basis:
        router_ids = Router.objects.filter(is_active=True).values_list("pk", flat=True)
        return _Basis(NetworkPolicy.objects.values_list().get(), clock.local_date(now), frozenset(router_ids))


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
    kind = NetworkFinding.Kind.WRONG_STATE if seen.is_off else NetworkFinding.Kind.WRONG_SPEED
    if seen.is_off:
        told = _("Online, and is to be off: {why}").format(why=codes.in_words(seen.why))
    elif seen.has:
        told = _("Online under {has}, wanted is {wanted}").format(has=seen.has, wanted=seen.wanted)
    else:
        told = _("Online, and nobody knows under which policy")
    return Wrong(seen.subscription_id, seen.router_id, seen.login, told, kind)
