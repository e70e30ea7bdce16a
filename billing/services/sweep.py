"""The expiry sweep: disable every subscription whose unpaid bills are past their cut-off (the main job)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from billing.models import SweepRun

logger = logging.getLogger(__name__)

# FOR NO KEY UPDATE re-checks the WHERE clause on the newest version of each row that it locks, so
# a payment that committed meanwhile takes its row out (rule E8). Locked rows are left to the next run.
_CLAIM = """
    SELECT subscription_id FROM billing_accessstate
    WHERE is_on AND cut_off_at <= %(now)s AND subscription_id BETWEEN %(first)s AND %(last)s
    ORDER BY subscription_id LIMIT %(limit)s
    FOR NO KEY UPDATE SKIP LOCKED
"""

# Materialised, so that the planner takes the partial index of what is due and not the primary key of all.
_DUE = """
    WITH due AS MATERIALIZED (
        SELECT subscription_id FROM billing_accessstate
        WHERE is_on AND cut_off_at <= %(now)s AND subscription_id >= %(first)s
    )
    SELECT subscription_id FROM due ORDER BY subscription_id LIMIT %(limit)s
"""

_DISABLE = """
    WITH cause AS (
        SELECT DISTINCT ON (state.subscription_id) state.subscription_id, bill.id AS bill_id, bill.customer_code
        FROM billing_accessstate state
        JOIN billing_billline line ON line.subscription_id = state.subscription_id
            AND line.cut_off_at = state.cut_off_at AND line.amount > line.credited
        JOIN billing_bill bill ON bill.id = line.bill_id AND bill.status = 'open'
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
    )
    SELECT subscription_id, customer_code FROM cause ORDER BY subscription_id
"""


_COUNT = "UPDATE billing_sweeprun SET disabled = disabled + %s WHERE id = %s"

LAST_ID = 2**63 - 1


@dataclass
class Sweep:
    """What one run did: the codes of the customers disabled, and what was set aside and why."""

    disabled: list[str] = field(default_factory=list)
    set_aside: dict[int, str] = field(default_factory=dict)


def disable_due(*, now: datetime, limit: int) -> Sweep:
    """Disable every subscription whose cut-off instant is at or before ``now`` (rules E1, E2, T6).

    Works in batches of ``limit`` rows in id order, each its own transaction. A batch that fails is
    done row by row, and the bad row is set aside with its error. Running it again, or twice at
    once, changes nothing more (rule E9).
    """
    sweep, run, first = Sweep(), None, 0
    while ids := _due_ids(now, first, limit):
        run = run or SweepRun.objects.create(as_of=now)
        try:
            _take(sweep, run, now=now, first=ids[0], last=ids[-1], limit=limit)
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError:
            _take_one_by_one(sweep, run, ids, now=now)
        first = ids[-1] + 1
    return sweep


def _due_ids(now: datetime, first: int, limit: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"now": now, "first": first, "limit": limit})
        return [row[0] for row in cursor.fetchall()]


def _take_one_by_one(sweep: Sweep, run: SweepRun, ids: list[int], *, now: datetime) -> None:
    for subscription_id in ids:
        try:
            _take(sweep, run, now=now, first=subscription_id, last=subscription_id, limit=1)
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError as error:
            _set_aside(sweep, subscription_id, str(error).splitlines()[0])


def _take(sweep: Sweep, run: SweepRun, *, now: datetime, first: int, last: int, limit: int) -> None:
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"now": now, "first": first, "last": last, "limit": limit})
        claimed = {row[0] for row in cursor.fetchall()}
        disabled = _disable(cursor, claimed, run, now) if claimed else {}
    for subscription_id in sorted(claimed - disabled.keys()):
        _set_aside(sweep, subscription_id, "no unpaid bill explains its cut-off")
    if disabled:
        codes = list(disabled.values())
        sweep.disabled += codes
        logger.info("%d subscriptions disabled: %s", len(codes), ", ".join(codes))


def _disable(cursor: Any, claimed: set[int], run: SweepRun, now: datetime) -> dict[int, str]:
    cursor.execute(_DISABLE, {"ids": sorted(claimed), "now": now, "run": run.pk})
    disabled = dict(cursor.fetchall())
    cursor.execute(_COUNT, [len(disabled), run.pk])
    return disabled


def _set_aside(sweep: Sweep, subscription_id: int, error: str) -> None:
    sweep.set_aside[subscription_id] = error
    logger.error("Subscription %d is set aside, not disabled: %s", subscription_id, error)
