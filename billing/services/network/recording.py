"""What came of deliveries, written for many at once (rules N1, N5)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction

from billing.rules.network import Cuts
from billing.services.network import findings
from billing.services.network.claiming import Wish
from billing.services.network.intents import TO_BE_ENDED

# What a deciding transaction has locked is written a moment later: nobody waits for it, and it waits for nobody.
_MINE = """
    SELECT subscription_id FROM billing_networkintent WHERE subscription_id = ANY(%s) AND leased_by = %s
    ORDER BY subscription_id FOR NO KEY UPDATE SKIP LOCKED
"""
_STILL_MINE = "SELECT subscription_id FROM billing_networkintent WHERE subscription_id = ANY(%s) AND leased_by = %s"
# A wish that came meanwhile stays to be done, at once.
_RECORD = """
    UPDATE billing_networkintent intent SET
        applied_version = CASE
            WHEN done.is_done AND (intent.wanted_version <> done.version OR intent.requested_at = done.requested_at)
            THEN done.version ELSE intent.applied_version END,
        applied_at = CASE WHEN done.is_done THEN clock_timestamp() ELSE intent.applied_at END,
        attempts = CASE WHEN done.is_done OR intent.wanted_version <> done.version THEN 0
            ELSE intent.attempts + done.tries END,
        failing_since = CASE WHEN NOT done.is_done THEN coalesce(intent.failing_since, clock_timestamp()) END,
        last_error = left(done.error, 300),
        next_attempt_at = CASE
            WHEN (intent.wanted_version, intent.requested_at) <> (done.version, done.requested_at)
            THEN clock_timestamp() ELSE clock_timestamp() + make_interval(secs => done.wait) END,
        cuts = done.cuts, cuts_since = done.cuts_since, held = left(done.held, 200),
        leased_until = NULL, leased_by = ''
    FROM unnest(
        %s::bigint[], %s::bigint[], %s::timestamptz[], %s::boolean[], %s::int[], %s::text[], %s::float8[], %s::int[],
        %s::timestamptz[], %s::text[]
    ) AS done (subscription_id, version, requested_at, is_done, tries, error, wait, cuts, cuts_since, held)
    WHERE intent.subscription_id = done.subscription_id
    RETURNING intent.subscription_id, done.held,
        (intent.wanted_version, intent.requested_at) <> (done.version, done.requested_at)
"""
_POSTPONE = """
    UPDATE billing_networkintent intent SET leased_until = NULL, leased_by = '',
        next_attempt_at = clock_timestamp() + make_interval(secs => later.wait),
        last_error = CASE WHEN later.error = '' THEN last_error ELSE left(later.error, 300) END,
        failing_since = CASE WHEN later.error = '' THEN failing_since
            ELSE coalesce(failing_since, clock_timestamp()) END
    FROM unnest(%s::bigint[], %s::float8[], %s::text[]) AS later (subscription_id, wait, error)
    WHERE intent.subscription_id = later.subscription_id
"""
# Nobody was online and no router keeps the subscriber: what was wanted is there as soon as somebody dials. Who is held
# stays so until something else is wanted (decision 49).
_NOTHING_TO_DO = """
    UPDATE billing_networkintent intent SET applied_at = clock_timestamp(), attempts = 0,
        applied_version = CASE WHEN intent.requested_at = idle.requested_at THEN idle.version ELSE applied_version END,
        failing_since = NULL, last_error = '', leased_until = NULL, leased_by = '',
        held = CASE WHEN held <> '' AND EXISTS (
            SELECT FROM radius.policy
            WHERE policy.subscription_id = intent.subscription_id AND position(policy.class IN held) > 0
        ) THEN held ELSE '' END
    FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS idle (subscription_id, version, requested_at)
    WHERE intent.subscription_id = idle.subscription_id RETURNING applied_version IS DISTINCT FROM wanted_version
"""
# Intents first, then sessions in the order of their ids, as all who lock both (decision 53).
_SESSIONS = """
    SELECT FROM billing_onlinesession WHERE id = ANY(%s) OR unique_id = ANY(%s) ORDER BY id FOR UPDATE
"""
# One that staff want ended stays marked for it.
_CHANGED = """
    UPDATE billing_onlinesession session SET policy_class = now.class
    FROM unnest(%s::bigint[], %s::text[]) AS now (id, class) WHERE session.id = now.id AND policy_class <> %s
"""
_GONE = "SELECT radius.close_session(gone, clock_timestamp(), 'Lost-503') FROM unnest(%s::text[]) AS gone"
_ROUTERS = """
    INSERT INTO billing_routerstate AS state
        (router_id, last_contact_at, failing_since, failures, down_until, last_error)
    SELECT id, CASE WHEN failures = 0 THEN clock_timestamp() END, CASE WHEN failures > 0 THEN clock_timestamp() END,
        failures, CASE WHEN failures > 0 THEN clock_timestamp() + make_interval(secs => rest) END, left(error, 300)
    FROM unnest(%s::bigint[], %s::int[], %s::float8[], %s::text[]) AS met (id, failures, rest, error)
    WHERE EXISTS (SELECT FROM billing_router router WHERE router.id = met.id)
    ON CONFLICT (router_id) DO UPDATE SET
        last_contact_at = coalesce(excluded.last_contact_at, state.last_contact_at),
        failing_since = CASE WHEN excluded.failures > 0 THEN coalesce(state.failing_since, excluded.failing_since) END,
        failures = excluded.failures, down_until = excluded.down_until, last_error = excluded.last_error
"""


@dataclass(frozen=True)
class Delivered:
    """What came of one subscription. ``wait`` is when it is tried again, unless it is done.

    ``changed`` has the sessions that run under another class now, ``gone`` those that no router knows.
    """

    subscription_id: int
    wish: Wish
    is_done: bool
    cuts: Cuts
    tries: int = 0
    error: str = ""
    wait: timedelta = timedelta()
    held: str = ""
    changed: Sequence[tuple[int, str]] = ()
    gone: Sequence[str] = ()


@dataclass(frozen=True)
class Postponed:
    """What was not tried: its router rests, with the ``error`` of the last try, or has enough to do."""

    subscription_id: int
    wait: timedelta
    error: str = ""


@dataclass(frozen=True)
class Idle:
    """A subscription that no router has to be told of: what is wanted is there with the next login."""

    subscription_id: int
    wish: Wish


@dataclass(frozen=True)
class Met:
    """How a router answered: how often on end it did not, and how long it is left alone for that."""

    router_id: int
    failures: int = 0
    rests_for: timedelta = timedelta()
    error: str = ""


Outcome = Delivered | Postponed | Idle | Met


class Recorded(NamedTuple):
    """The subscriptions that somebody has locked, so that they are to be recorded again; whether something newer is
    wanted of others."""

    locked: set[int]
    is_newer: bool


@transaction.atomic(durable=True)
def record(outcomes: Iterable[Outcome], *, worker: str) -> Recorded:
    """Write what came of many deliveries, in one transaction; what ``worker`` has no lease of is left alone."""
    met: dict[int, Met] = {}
    given: dict[int, Delivered | Postponed | Idle] = {}
    for outcome in outcomes:
        if isinstance(outcome, Met):
            met[outcome.router_id] = outcome
        else:
            given[outcome.subscription_id] = outcome
    if met:
        _meet([met[key] for key in sorted(met)])
    if not given:
        return Recorded(set(), False)
    mine = _ids(_MINE, given, worker)
    rows = [given[key] for key in mine]
    is_newer = _record([row for row in rows if isinstance(row, Delivered)])
    _postpone([row for row in rows if isinstance(row, Postponed)])
    is_newer = _nothing_to_do([row for row in rows if isinstance(row, Idle)]) or is_newer
    missing = given.keys() - set(mine)
    return Recorded(set(_ids(_STILL_MINE, missing, worker)) if missing else set(), is_newer)


def _ids(query: str, subscription_ids: Iterable[int], worker: str) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(query, [list(subscription_ids), worker])
        return [row[0] for row in cursor.fetchall()]


def _nothing_to_do(rows: Sequence[Idle]) -> bool:
    if not rows:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_NOTHING_TO_DO, [[row.subscription_id for row in rows], *_wishes(rows)])
        return any(is_newer for (is_newer,) in cursor.fetchall())


def _wishes(rows: Sequence[Delivered | Idle]) -> list[list[Any]]:
    return [[row.wish.version for row in rows], [row.wish.requested_at for row in rows]]


def _record(rows: Sequence[Delivered]) -> bool:
    if not rows:
        return False
    columns: list[list[Any]] = [
        [row.subscription_id for row in rows],
        *_wishes(rows),
        [row.is_done for row in rows],
        [row.tries for row in rows],
        [row.error for row in rows],
        [row.wait.total_seconds() for row in rows],
        [row.cuts.count for row in rows],
        [row.cuts.since for row in rows],
        [row.held for row in rows],
    ]
    changed = [pair for row in rows for pair in row.changed]
    gone = [unique_id for row in rows for unique_id in row.gone]
    with connection.cursor() as cursor:
        cursor.execute(_RECORD, columns)
        written = cursor.fetchall()
        if changed or gone:
            cursor.execute(_SESSIONS, [[pk for pk, _ in changed], gone])
        if changed:
            cursor.execute(_CHANGED, [[pk for pk, _ in changed], [wanted for _, wanted in changed], TO_BE_ENDED])
        if gone:
            cursor.execute(_GONE, [gone])
    if held := [subscription_id for subscription_id, why, _ in written if why]:
        findings.note_held(held)
    return any(is_newer for _, _, is_newer in written)


def _postpone(rows: Sequence[Postponed]) -> None:
    if not rows:
        return
    with connection.cursor() as cursor:
        ids = [row.subscription_id for row in rows]
        cursor.execute(_POSTPONE, [ids, [r.wait.total_seconds() for r in rows], [r.error for r in rows]])


def _meet(rows: Sequence[Met]) -> None:
    with connection.cursor() as cursor:
        waits = [row.rests_for.total_seconds() for row in rows]
        ids, failures, errors = [r.router_id for r in rows], [r.failures for r in rows], [r.error for r in rows]
        cursor.execute(_ROUTERS, [ids, failures, waits, errors])
