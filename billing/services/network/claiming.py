"""Intents of the network in the database: taken by one worker at a time, read just before they are acted on (N4)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection

from billing.network.base import Session, State, Wanted
from billing.rules.errors import Refused
from billing.rules.network import Cuts
from billing.services.network import sealing

LEASE = 30  # seconds for which a worker that was killed keeps what it took

# The clock is the database's, which is the same for all workers.
_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT subscription_id FROM billing_networkintent
        WHERE applied_version IS DISTINCT FROM wanted_version AND next_attempt_at <= clock_timestamp()
            AND (leased_until IS NULL OR leased_until <= clock_timestamp())
        ORDER BY next_attempt_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE billing_networkintent intent SET leased_by = %(worker)s,
            leased_until = clock_timestamp() + make_interval(secs => %(lease)s),
            next_attempt_at = clock_timestamp() + make_interval(secs => %(lease)s)
        FROM due WHERE intent.subscription_id = due.subscription_id
        RETURNING intent.subscription_id, wanted_version, requested_at
    )
    SELECT claimed.subscription_id, wanted_version, requested_at, array(
        SELECT router_id FROM billing_onlinesession session WHERE session.subscription_id = claimed.subscription_id
        UNION SELECT router_id FROM billing_networkaccount account
            WHERE account.subscription_id = claimed.subscription_id AND router_id IS NOT NULL
    ) FROM claimed
"""
_GIVE_BACK = """
    WITH mine AS (
        SELECT subscription_id FROM billing_networkintent
        WHERE leased_by = %s AND applied_version IS DISTINCT FROM wanted_version
        ORDER BY subscription_id FOR NO KEY UPDATE
    )
    UPDATE billing_networkintent intent SET leased_until = NULL, leased_by = '', next_attempt_at = clock_timestamp()
    FROM mine WHERE intent.subscription_id = mine.subscription_id
"""
_SESSIONS = """
    SELECT subscription_id, id, unique_id, router_id, session_id, login, coalesce(host(nas_address), ''),
        host(framed_address), policy_class
    FROM billing_onlinesession WHERE subscription_id = ANY(%s) ORDER BY id
"""
_WANTED = """
    SELECT intent.subscription_id, intent.wanted_version, intent.requested_at, intent.cuts, intent.cuts_since,
        intent.held, policy.login, policy.state, policy.class, policy.down_kbps, policy.up_kbps, policy.pool,
        policy.address_list, host(policy.framed_address), account.router_id,
        CASE WHEN account.router_id IS NOT NULL THEN account.password_sealed END
    FROM billing_networkintent intent
    JOIN radius.policy policy ON policy.subscription_id = intent.subscription_id
    LEFT JOIN billing_networkaccount account ON account.subscription_id = intent.subscription_id
    WHERE intent.subscription_id = ANY(%s) AND intent.leased_by = %s
"""


class Wish(NamedTuple):
    """Which wish of a subscription is meant: a later one has another version, or was asked for again."""

    version: int
    requested_at: datetime


@dataclass(frozen=True)
class Online:
    """An open session with the keys of its rows."""

    pk: int
    unique_id: str
    router_id: int
    session: Session


@dataclass(frozen=True)
class Need:
    """What one subscription is to have now, as of ``wish``, and the sessions that it has."""

    subscription_id: int
    wish: Wish
    wanted: Wanted
    cuts: Cuts
    held: str
    account_router_id: int | None
    problem: str
    sessions: Sequence[Online]

    @property
    def router_ids(self) -> set[int]:
        """The routers that have to do with it."""
        kept_by = {self.account_router_id} if self.account_router_id else set()
        return kept_by | {online.router_id for online in self.sessions}


def claim(*, worker: str, limit: int) -> dict[int, tuple[Wish, list[int]]]:
    """Take up to ``limit`` intents that are due; each with the routers that have to do with it, by subscription.

    What another worker has is left to it, so that what is wanted for a subscription happens in its order.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"worker": worker, "limit": limit, "lease": LEASE})
        return {row[0]: (Wish(*row[1:3]), row[3]) for row in cursor.fetchall()}


def give_back(*, worker: str) -> None:
    """Let others have at once what ``worker`` took and did not do."""
    with connection.cursor() as cursor:
        cursor.execute(_GIVE_BACK, [worker])


def needs(subscription_ids: Collection[int], *, worker: str) -> dict[int, Need]:
    """What is wanted now, by subscription; without those that another worker took meanwhile.

    Sessions are read first: what is wanted is never older than they are.
    """
    ids = list(subscription_ids)
    sessions: dict[int, list[Online]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SESSIONS, [ids])
        for subscription_id, pk, unique_id, router_id, *reported in cursor.fetchall():
            online = Online(pk, unique_id, router_id, Session(*reported))
            sessions.setdefault(subscription_id, []).append(online)
        cursor.execute(_WANTED, [ids, worker])
        return {row[0]: _need(row, sessions.get(row[0], [])) for row in cursor.fetchall()}


def _need(row: Sequence[Any], sessions: Sequence[Online]) -> Need:
    subscription_id, version, requested_at, cuts, cuts_since, held, login, state, policy_class = row[:9]
    down, up, pool, address_list, framed_address, account_router_id, sealed = row[9:]
    password, problem = _opened(sealed)
    wanted = Wanted(
        login=login,
        state=State(state),
        policy_class=policy_class,
        download_kbps=down,
        upload_kbps=up,
        pool=pool or "",
        address_list=address_list or "",
        framed_address=framed_address,
        password=password,
    )
    is_held = bool(held) and policy_class in held  # the guard holds for what it was held for, and nothing newer
    guard = Cuts(cuts, cuts_since, is_held)
    wish, why_held = Wish(version, requested_at), held if is_held else ""
    return Need(subscription_id, wish, wanted, guard, why_held, account_router_id, problem, sessions)


def _opened(sealed: memoryview | None) -> tuple[str, str]:
    """A password, and why it cannot be had."""
    try:
        return (sealing.unseal(sealed), "") if sealed else ("", "")
    except Refused as reason:
        return "", str(reason)
