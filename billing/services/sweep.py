"""The expiry sweep: disable every subscription whose unpaid bills are past their cut-off (the main job)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from billing.models import SweepRun
from billing.services import followed_policy, policy, sweep_runs

logger = logging.getLogger(__name__)

# What is locked is the newest version of each row, and the decision is taken on its columns: a payment that
# committed meanwhile takes its row out (rule E8). Locked rows are left to the next run. Two steps, because
# PostgreSQL would read the index of all that is due again for each batch.
_CLAIM = """
    WITH locked AS MATERIALIZED (
        SELECT subscription_id, is_on, cut_off_at FROM billing_accessstate WHERE subscription_id = ANY(%(ids)s)
        ORDER BY subscription_id FOR NO KEY UPDATE SKIP LOCKED
    )
    SELECT subscription_id FROM locked WHERE is_on AND cut_off_at <= %(now)s
"""
_STILL_DUE = """
    SELECT count(*) FROM billing_accessstate WHERE is_on AND cut_off_at <= %(now)s AND subscription_id = ANY(%(ids)s)
"""

# Materialised, so that the planner takes the partial index of what is due and not the primary key of all.
_DUE = """
    WITH due AS MATERIALIZED (
        SELECT subscription_id FROM billing_accessstate
        WHERE is_on AND cut_off_at <= %(now)s AND subscription_id > %(after)s
    )
    SELECT subscription_id FROM due ORDER BY subscription_id LIMIT %(limit)s
"""

_DISABLE = """
    WITH cause AS (
        SELECT DISTINCT ON (state.subscription_id) state.subscription_id, bill.id AS bill_id, bill.customer_code
        FROM billing_accessstate state
        JOIN billing_subscription subscription ON subscription.id = state.subscription_id
        JOIN billing_bill bill ON bill.customer_id = subscription.customer_id AND bill.status = 'open'
        JOIN billing_billline line ON line.bill_id = bill.id AND line.amount > line.credited
            AND line.cut_off_at <= state.cut_off_at
            AND (line.subscription_id = state.subscription_id OR line.subscription_id IS NULL)
        WHERE state.subscription_id = ANY(%(ids)s)
        ORDER BY state.subscription_id, bill.due_on, bill.id
    ), switched AS (
        UPDATE billing_accessstate state SET is_on = false, version = version + 1
        FROM cause WHERE state.subscription_id = cause.subscription_id
    ), blocked AS (
        INSERT INTO billing_block (subscription_id, reason, bill_id, opened_at, note)
        SELECT subscription_id, 'unpaid', bill_id, %(now)s, '' FROM cause
    ), recorded AS (
        INSERT INTO billing_accessevent
            (subscription_id, at, change, reason, rule, bill_id, run_id, was_on, is_on)
        SELECT subscription_id, %(now)s, 'blocked', 'unpaid', 'E1', bill_id, %(run)s, true, false FROM cause
    ), counted AS (
        UPDATE billing_sweeprun SET disabled = disabled + (SELECT count(*) FROM cause) WHERE id = %(run)s
    )
    SELECT subscription_id, customer_code FROM cause ORDER BY subscription_id
"""

Source = Callable[[int], list[int]]  # the next ids after an id
LOOK_AHEAD = 20  # batches whose ids are read at once, because each look goes through all that is due


@dataclass
class Sweep:
    """What one run did: the codes of the customers disabled, and what was set aside and why.

    ``held`` is the run that the circuit breaker holds; ``waits_until`` is set when this is no time for cuts.
    """

    disabled: list[str] = field(default_factory=list)
    set_aside: dict[int, str] = field(default_factory=dict)
    looked_at: int = 0
    skipped: int = 0
    held: SweepRun | None = None
    waits_until: datetime | None = None


def disable_due(*, now: datetime, limit: int) -> Sweep:
    """Disable every subscription whose cut-off instant is at or before ``now`` (rules E1, E2, T6).

    Works in batches of ``limit`` rows in id order, each its own transaction. A batch that fails is
    done row by row, and the bad row is set aside with its error. Running it again, or twice at
    once, changes nothing more (rule E9). Nobody is cut at a time without cuts (rule E10), and by
    a run that is abnormal (rule E14).
    """
    followed_policy.follow(now=now, limit=limit)
    sweep, calendar = Sweep(), policy.calendar()
    if not calendar.allows_cuts(now):
        sweep.waits_until = calendar.first_cut(now)
        sweep_runs.record_idle(now)
        return sweep
    if sweep_runs.record_if_idle(now):
        return sweep
    for run in sweep_runs.confirmed():
        _carry_out(sweep, run, _batches(sweep_runs.held_ids(run, limit), limit), now=now)
    due = _count_due(now)
    sweep.held = sweep_runs.hold_if_abnormal(due, now=now)
    if not due or sweep.held:
        sweep_runs.record_idle(now, looked_at=due)
        return sweep
    batches = _batches(lambda after: _due_ids(now, after, limit * LOOK_AHEAD), limit)
    _carry_out(sweep, SweepRun.objects.create(as_of=now), batches, now=now)
    return sweep


def _count_due(now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM billing_accessstate WHERE is_on AND cut_off_at <= %s", [now])
        return int(cursor.fetchone()[0])


def _due_ids(now: datetime, after: int, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"now": now, "after": after, "limit": limit})
        return [row[0] for row in cursor.fetchall()]


def _batches(source: Source, limit: int) -> Iterator[list[int]]:
    after = 0
    while found := source(after):
        for first in range(0, len(found), limit):
            yield found[first : first + limit]
        after = found[-1]


def _carry_out(sweep: Sweep, run: SweepRun, batches: Iterable[list[int]], *, now: datetime) -> None:
    """Disable the subscriptions of ``batches``, and close the record of the run."""
    before = (sweep.looked_at, sweep.skipped)
    set_aside: dict[int, str] = {}
    for ids in batches:
        sweep.looked_at += len(ids)
        try:
            set_aside |= _take(sweep, run, ids, now=now)
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError:
            set_aside |= _take_one_by_one(sweep, run, ids, now=now)
    sweep.set_aside |= set_aside
    looked_at, skipped = sweep.looked_at - before[0], sweep.skipped - before[1]
    sweep_runs.finish(run, looked_at=looked_at, skipped=skipped, set_aside=set_aside)


def _take_one_by_one(sweep: Sweep, run: SweepRun, ids: Sequence[int], *, now: datetime) -> dict[int, str]:
    set_aside: dict[int, str] = {}
    for subscription_id in ids:
        try:
            set_aside |= _take(sweep, run, [subscription_id], now=now)
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError as error:
            set_aside[subscription_id] = _logged(subscription_id, str(error).splitlines()[0])
    return set_aside


def _take(sweep: Sweep, run: SweepRun, ids: Sequence[int], *, now: datetime) -> dict[int, str]:
    """Disable those of ``ids`` that are due and not locked; the ids of those without a cause, and why."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        claimed = _claim(cursor, ids, now)
        disabled = _disable(cursor, claimed, run, now) if claimed else {}
    if unclaimed := set(ids) - claimed:
        sweep.skipped += _still_due(unclaimed, now)
    if disabled:
        codes = list(disabled.values())
        sweep.disabled += codes
        logger.info("%d subscriptions disabled: %s", len(codes), ", ".join(codes))
    without_cause = sorted(claimed - disabled.keys())
    return {key: _logged(key, "no unpaid bill explains its cut-off") for key in without_cause}


def _claim(cursor: Any, ids: Sequence[int], now: datetime) -> set[int]:
    cursor.execute(_CLAIM, {"now": now, "ids": list(ids)})
    return {row[0] for row in cursor.fetchall()}


def _still_due(ids: set[int], now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_STILL_DUE, {"now": now, "ids": list(ids)})
        return int(cursor.fetchone()[0])


def _disable(cursor: Any, claimed: set[int], run: SweepRun, now: datetime) -> dict[int, str]:
    cursor.execute(_DISABLE, {"ids": sorted(claimed), "now": now, "run": run.pk})
    return dict(cursor.fetchall())


def _logged(subscription_id: int, error: str) -> str:
    logger.error("Subscription %d is set aside, not disabled: %s", subscription_id, error)
    return error
