"""How far the network has got, and asking it once more: for staff (rules N1, N5)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import BooleanField, F, Func, QuerySet

from billing.models import NetworkIntent, OnlineSession, Router
from billing.rules.errors import Refused

_REQUEST = """
    INSERT INTO billing_networkintent AS intent
        (subscription_id, wanted_version, reason, requested_at, next_attempt_at, attempts, leased_by, last_error, cuts,
        held)
    SELECT subscription_id, version, %(reason)s, %(now)s, clock_timestamp(), 0, '', '', 0, ''
    FROM billing_accessstate WHERE subscription_id = ANY(%(ids)s) ORDER BY subscription_id
    ON CONFLICT (subscription_id) DO UPDATE SET
        wanted_version = excluded.wanted_version, applied_version = NULL, reason = excluded.reason,
        requested_at = excluded.requested_at, next_attempt_at = excluded.next_attempt_at, attempts = 0
"""
_ANEW = "UPDATE billing_networkintent SET cuts = 0, cuts_since = NULL, held = '' WHERE subscription_id = ANY(%s)"
_OLDEST = """
    SELECT min(requested_at), count(*) FROM billing_networkintent
    WHERE applied_version IS DISTINCT FROM wanted_version
"""
_BACKLOG = """
    SELECT count(*), min(requested_at) FROM billing_networkintent intent
    WHERE applied_version IS DISTINCT FROM wanted_version AND (
        EXISTS (SELECT FROM billing_onlinesession session
            WHERE session.subscription_id = intent.subscription_id AND session.router_id = %(router)s)
        OR EXISTS (SELECT FROM billing_networkaccount account
            WHERE account.subscription_id = intent.subscription_id AND account.router_id = %(router)s)
    )
"""

# No wait is as long: whoever wrote it had another clock.
_BRING_NEAR = """
    WITH distant AS (
        SELECT subscription_id FROM billing_networkintent
        WHERE applied_version IS DISTINCT FROM wanted_version
            AND greatest(next_attempt_at, leased_until) > clock_timestamp() + interval '15 minutes'
        ORDER BY subscription_id FOR NO KEY UPDATE
    )
    UPDATE billing_networkintent intent SET next_attempt_at = clock_timestamp(), leased_until = NULL, leased_by = ''
    FROM distant WHERE intent.subscription_id = distant.subscription_id
"""

TO_BE_ENDED = "-"  # a class unlike any that can be wanted, which later packets do not overwrite

# As the index of what is due says it, which is small however many subscriptions there are.
PENDING = Func(
    F("applied_version"),
    F("wanted_version"),
    template="(%(expressions)s)",
    arg_joiner=" IS DISTINCT FROM ",
    output_field=BooleanField(),
)


class Kind(StrEnum):
    """How far the network has got with a subscription."""

    NONE = "none"  # the network was never told anything of it
    PENDING = "pending"
    APPLIED = "applied"
    FAILING = "failing"
    HELD = "held"  # the guard against endless disconnects leaves it alone


class Status(NamedTuple):
    """How far, since when, and why not in words."""

    kind: Kind
    since: datetime | None = None
    error: str = ""


class Backlog(NamedTuple):
    """How many intents are not done, and when the oldest of them was wanted."""

    size: int
    oldest: datetime | None


def status_of(subscription_id: int) -> Status:
    """How far the network has got with one subscription."""
    return statuses([subscription_id]).get(subscription_id, Status(Kind.NONE))


def statuses(subscription_ids: Collection[int]) -> dict[int, Status]:
    """The same for many; absent when the network was never told anything."""
    return {intent.pk: _status(intent) for intent in NetworkIntent.objects.filter(pk__in=subscription_ids)}


def _status(intent: NetworkIntent) -> Status:
    if intent.held:
        return Status(Kind.HELD, intent.cuts_since, intent.held)
    if intent.applied_version == intent.wanted_version:
        return Status(Kind.APPLIED, intent.applied_at)
    if intent.failing_since:
        return Status(Kind.FAILING, intent.failing_since, intent.last_error)
    return Status(Kind.PENDING, intent.requested_at)


@transaction.atomic
def request(subscription_id: int, *, reason: str, now: datetime) -> None:
    """Bring a subscription to its routers once more; the guard against endless disconnects counts anew.

    Raises:
        Refused: no router is in use.
    """
    if not Router.objects.filter(is_active=True).exists():
        raise Refused("No router is in use, so there is nothing to apply. Add a router first.")
    with connection.cursor() as cursor:
        cursor.execute(_ANEW, [[subscription_id]])
    enqueue([subscription_id], reason=reason, now=now)


def enqueue(subscription_ids: Collection[int], *, reason: str, now: datetime) -> None:
    """Make the intents of subscriptions pending, whatever was applied, and wake who delivers."""
    with connection.cursor() as cursor:
        cursor.execute(_REQUEST, {"ids": sorted(subscription_ids), "reason": reason[:40], "now": now})
        cursor.execute("SELECT pg_notify('network', '')")


@transaction.atomic
def disconnect(session_pk: int, *, now: datetime) -> None:
    """End one session, whatever is wanted; the subscriber may log in again if the access allows it.

    It goes the way of an intent: it outlives a router that does not answer.

    Raises:
        Refused: the session is over, or of no subscription.
    """
    found = OnlineSession.objects.filter(pk=session_pk)
    if session := found.first():
        if session.subscription_id is None:
            raise Refused("This session belongs to no subscription: end it on the router.")
        request(session.subscription_id, reason="disconnect", now=now)  # the intent before the session (decision 53)
    if not found.update(policy_class=TO_BE_ENDED):
        raise Refused("This session is over. Load the page again.")


def bring_near() -> None:
    """Let nothing wait for a time that a clock which was set back made distant."""
    with connection.cursor() as cursor:
        cursor.execute(_BRING_NEAR)


def backlog(router_id: int) -> Backlog:
    """What waits for one router."""
    with connection.cursor() as cursor:
        cursor.execute(_BACKLOG, {"router": router_id})
        return Backlog(*cursor.fetchone())


def waiting() -> Backlog:
    """What waits for all routers."""
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST)
        oldest, count = cursor.fetchone()
        return Backlog(count, oldest)


def failing() -> QuerySet[NetworkIntent]:
    """The intents that were tried and are not done, the oldest first."""
    return NetworkIntent.objects.filter(PENDING, failing_since__isnull=False).order_by("failing_since", "pk")
