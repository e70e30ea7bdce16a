"""What differs in the network from what billing wants, kept for staff until it is over."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from billing.models import NetworkFinding

_NOTE = """
    INSERT INTO billing_networkfinding AS finding
        (router_id, kind, login, detail, first_seen_at, last_seen_at)
    SELECT router_id, %s, login, left(detail, 300), clock_timestamp(), clock_timestamp()
    FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS found (router_id, login, detail)
    ON CONFLICT (router_id, kind, login) WHERE resolved_at IS NULL
    DO UPDATE SET last_seen_at = excluded.last_seen_at, detail = excluded.detail
"""
_RESOLVE = """
    UPDATE billing_networkfinding finding SET resolved_at = clock_timestamp()
    WHERE resolved_at IS NULL AND kind = %s AND (%s::bigint[] IS NULL OR router_id = ANY(%s::bigint[]))
        AND NOT EXISTS (
            SELECT FROM unnest(%s::bigint[], %s::text[]) AS found (router_id, login)
            WHERE found.router_id IS NOT DISTINCT FROM finding.router_id AND found.login = finding.login
        )
"""
_HELD = """
    SELECT NULL::bigint, subscription.login, intent.held
    FROM billing_networkintent intent JOIN billing_subscription subscription ON subscription.id = intent.subscription_id
    WHERE intent.held <> '' AND (%s::bigint[] IS NULL OR intent.subscription_id = ANY(%s::bigint[]))
"""
# Each report after a denial is noted by PostgreSQL, so that silence of it is its end.
_DENIED = """
    UPDATE billing_networkfinding SET detail = left(%(told)s, 300), resolved_at = CASE
        WHEN last_seen_at < clock_timestamp()
            - 3 * greatest(interim_seconds, former_interim_seconds) * interval '1 second'
        THEN clock_timestamp() END
    FROM billing_networkpolicy WHERE resolved_at IS NULL AND kind = %(kind)s
"""


class Found(NamedTuple):
    """Something that differs: on which router, whose login, and what in words."""

    router_id: int | None
    login: str
    detail: str


def note(kind: NetworkFinding.Kind, found: Iterable[Found]) -> int:
    """Write what was found; what is known already is seen once more. How many."""
    rows = list({(row.router_id, row.login): row for row in found}.values())
    if rows:
        columns: list[list[Any]] = [list(column) for column in zip(*rows, strict=True)]
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, [kind.value, *columns])
    return len(rows)


def settle(kind: NetworkFinding.Kind, found: Sequence[Found], *, router_ids: Collection[int] | None = None) -> None:
    """Close what is not among ``found`` any more, of some routers or of all."""
    routers = None if router_ids is None else sorted(router_ids)
    with connection.cursor() as cursor:
        pairs: list[list[Any]] = [[row.router_id for row in found], [row.login for row in found]]
        cursor.execute(_RESOLVE, [kind.value, routers, routers, *pairs])


def open_logins(kind: NetworkFinding.Kind) -> set[str]:
    """The logins of which something of this kind is listed."""
    return set(NetworkFinding.objects.filter(kind=kind, resolved_at=None).values_list("login", flat=True))


def of(login: str) -> list[str]:
    """What is listed of a login at the moment, in words; that it is held, ``intents.status_of`` tells."""
    found = NetworkFinding.objects.filter(login__iexact=login, resolved_at=None).exclude(detail="")
    return list(found.exclude(kind=NetworkFinding.Kind.HELD).order_by("pk").values_list("detail", flat=True))


def forget(*, before: datetime) -> int:
    """Delete what was resolved before an instant, and counters that cannot be of which none came since; how many."""
    is_over = Q(resolved_at__lt=before)
    is_over |= Q(kind=NetworkFinding.Kind.WRONG_COUNTER, resolved_at=None, last_seen_at__lt=before)
    return NetworkFinding.objects.filter(is_over).delete()[0]


def note_held(subscription_ids: Collection[int]) -> None:
    """List subscriptions whose sessions the guard against endless disconnects leaves alone."""
    note(NetworkFinding.Kind.HELD, _held(sorted(subscription_ids)))


def follow_held() -> int:
    """Bring the list of those in line with the intents; how many."""
    found = _held(None)
    settle(NetworkFinding.Kind.HELD, found)
    return note(NetworkFinding.Kind.HELD, found)


def follow_denied() -> None:
    """Put in words which sessions routers report and say they do not know, and close those that they report no more."""
    told = _(
        "The router says that it does not know this session, and goes on reporting it, so that it cannot be ended from "
        "here: end it on the router itself, or restart the router."
    )
    with connection.cursor() as cursor:
        cursor.execute(_DENIED, {"told": told, "kind": NetworkFinding.Kind.DENIED.value})


def _held(subscription_ids: list[int] | None) -> list[Found]:
    with connection.cursor() as cursor:
        cursor.execute(_HELD, [subscription_ids, subscription_ids])
        return [Found(*row) for row in cursor.fetchall()]
