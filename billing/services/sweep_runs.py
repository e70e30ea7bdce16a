"""The record of the expiry sweep: what a run found, the circuit breaker, and undoing a run (rules E14, E15)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction

from billing.models import Promise, SweepFinding, SweepRun
from billing.rules import access as rules
from billing.rules.errors import Refused
from billing.services import clock, deferrals, locks, policy, texts

Status = SweepRun.Status
ERROR_LENGTH = SweepFinding._meta.get_field("error").max_length
BATCH = 500  # customers

# A row that says only that there was nothing to do need not wait for the disk.
_IDLE = """
    INSERT INTO billing_sweeprun (as_of, started_at, ended_at, status, looked_at, disabled, skipped, set_aside)
    SELECT %(now)s, clock_timestamp(), clock_timestamp(), 'done', %(looked_at)s, 0, 0, 0
    FROM set_config('synchronous_commit', 'off', true)
    WHERE %(anyway)s OR NOT (
        EXISTS (SELECT FROM billing_accessstate WHERE is_on AND cut_off_at <= %(now)s)
        OR EXISTS (SELECT FROM billing_sweeprun WHERE status IN ('held', 'confirmed'))
    )
"""
_FINISH = """
    UPDATE billing_sweeprun SET ended_at = clock_timestamp(), status = 'done',
        looked_at = greatest(looked_at, %s), skipped = skipped + %s, set_aside = set_aside + %s
    WHERE id = %s
"""
_HOLD = """
    WITH run AS (
        INSERT INTO billing_sweeprun (as_of, started_at, status, looked_at, active, disabled, skipped, set_aside)
        VALUES (%(now)s, clock_timestamp(), 'held', %(due)s, %(active)s, 0, 0, 0)
        ON CONFLICT DO NOTHING RETURNING id
    )
    INSERT INTO billing_sweepfinding (run_id, subscription_id, kind, error)
    SELECT run.id, subscription_id, 'held', '' FROM run, billing_accessstate WHERE is_on AND cut_off_at <= %(now)s
"""
_HELD_IDS = """
    SELECT subscription_id FROM billing_sweepfinding
    WHERE run_id = %s AND kind = 'held' AND subscription_id > %s ORDER BY subscription_id LIMIT %s
"""
_CUTS = """
    SELECT subscription.customer_id, block.subscription_id FROM billing_accessevent event
    JOIN billing_block block ON block.subscription_id = event.subscription_id AND block.opened_at = event.at
        AND block.reason = 'unpaid' AND block.closed_at IS NULL
    JOIN billing_subscription subscription ON subscription.id = block.subscription_id
    WHERE event.run_id = %s AND change = 'blocked' AND subscription.customer_id > %s
"""


def record_idle(now: datetime, *, looked_at: int = 0) -> None:
    """A run that cut nobody."""
    _record_idle(now, looked_at, anyway=True)


def record_if_idle(now: datetime) -> bool:
    """The same, unless somebody is due, or a run is held or confirmed: False then. One statement for both."""
    return _record_idle(now, 0, anyway=False)


def _record_idle(now: datetime, looked_at: int, *, anyway: bool) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_IDLE, {"now": now, "looked_at": looked_at, "anyway": anyway})
        return bool(cursor.rowcount)


def finish(run: SweepRun, *, looked_at: int, skipped: int, set_aside: Mapping[int, str]) -> None:
    """Close the record of a run that has cut all that it could."""
    SweepFinding.objects.bulk_create(
        [
            SweepFinding(run=run, subscription_id=key, kind=SweepFinding.Kind.SET_ASIDE, error=error[:ERROR_LENGTH])
            for key, error in set_aside.items()
        ],
        update_conflicts=True,
        unique_fields=["run", "subscription"],
        update_fields=["kind", "error"],
    )
    with connection.cursor() as cursor:
        cursor.execute(_FINISH, [looked_at, skipped, len(set_aside), run.pk])


def delete_idle(*, before: datetime) -> int:
    """Delete the records of runs that cut nobody and were not held, as of before an instant; how many."""
    idle = SweepRun.objects.filter(as_of__lt=before, status=Status.DONE, disabled=0, active=None)
    return idle.delete()[1].get(SweepRun._meta.label, 0)


def hold_if_abnormal(due: int, *, now: datetime) -> SweepRun | None:
    """The run that the circuit breaker holds, if it does.

    While a run is held, nobody is cut. It lapses when what is due has become normal.
    """
    breaker, held = policy.circuit_breaker(), SweepRun.objects.filter(status=Status.HELD)
    if due <= breaker.count or not breaker.is_needed(due, active := _active()):
        held.update(status=Status.LAPSED, decided_at=now)
        return None
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, {"now": now, "due": due, "active": active})
    # Staff may have decided about it since the statement before; then the next sweep finds what they said.
    return held.first() or SweepRun.objects.filter(active__isnull=False).first()


def _active() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM billing_accessstate WHERE is_on")
        return int(cursor.fetchone()[0])


def confirmed() -> list[SweepRun]:
    """The runs that staff let go on and that are not carried out yet."""
    return list(SweepRun.objects.filter(status=Status.CONFIRMED).order_by("pk"))


def held_ids(run: SweepRun, limit: int) -> Callable[[int], list[int]]:
    """The list of a run that was held, ``limit`` ids after an id at a time."""

    def after(subscription_id: int) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(_HELD_IDS, [run.pk, subscription_id, limit])
            return [row[0] for row in cursor.fetchall()]

    return after


@transaction.atomic(durable=True)
def confirm(*, run: SweepRun, now: datetime, by: Any) -> SweepRun:
    """Let a run go on that the circuit breaker holds: the next sweep cuts what is still due of its list.

    A second confirmation changes nothing.

    Raises:
        Refused: it is not held, or not any more.
    """
    locked = SweepRun.objects.select_for_update().get(pk=run.pk)
    if locked.status == Status.HELD:
        locked.status, locked.decided_at, locked.decided_by = Status.CONFIRMED, now, by
        locked.save(update_fields=["status", "decided_at", "decided_by"])
    elif locked.active is None or locked.status == Status.LAPSED:
        raise Refused("The circuit breaker does not hold {locked}: there is nothing to confirm.", locked=locked)
    return locked


def undo(*, run: SweepRun, until: date, why: str, now: datetime, by: Any) -> int:
    """Give access back to all whom ``run`` cut and who are still off for it, through ``until`` at least.

    Each of these subscriptions gets a promise that names the run. Works in batches of customers,
    each its own transaction; interrupted, it is done again. Returns how many came back.

    Raises:
        Refused: the run cut nobody, or a day or reason that a promise may not have.
    """
    reason = texts.checked(why, longest=200)
    if not reason:
        raise Refused("Say why, for your colleagues.")
    deferrals.check_until(until, now=now)
    if not run.disabled:
        raise Refused("Nobody was cut by {run}: there is nothing to undo.", run=run)
    count = customer_id = 0
    while cuts := _cuts(run, customer_id):
        _undo(run, cuts, until, reason, now=now, by=by)
        count += len(cuts)
        customer_id = cuts[-1][0]
    done = SweepRun.objects.filter(pk=run.pk).exclude(status=Status.UNDONE)
    done.update(status=Status.UNDONE, decided_at=now, decided_by=by)
    return count


def is_still_cut(run: SweepRun) -> bool:
    """Whether anybody is still off because ``run`` cut them."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS ({_CUTS})", [run.pk, 0])
        return bool(cursor.fetchone()[0])


def still_cut(run: SweepRun) -> int:
    """How many subscriptions are still off because ``run`` cut them."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({_CUTS}) AS cut", [run.pk, 0])  # noqa: S608  (a text of ours)
        return int(cursor.fetchone()[0])


def _cuts(run: SweepRun, after: int) -> list[tuple[int, int]]:
    """Customer and subscription of the run's open blocks, of whole customers, after one of them."""
    with connection.cursor() as cursor:
        cursor.execute(_CUTS + " ORDER BY 1, 2", [run.pk, after])
        found: list[tuple[int, int]] = cursor.fetchmany(BATCH)
        while found and (more := cursor.fetchone()) and more[0] == found[-1][0]:
            found.append(more)
    return found


@transaction.atomic(durable=True)
def _undo(run: SweepRun, cuts: list[tuple[int, int]], until: date, why: str, *, now: datetime, by: Any) -> None:
    customers = locks.customers({customer_id for customer_id, _ in cuts}, wait=True)
    locks.access_states(customers)
    Promise.objects.bulk_create(
        Promise(
            customer_id=customer_id,
            subscription_id=subscription_id,
            run=run,
            until=until,
            not_before=rules.not_before(until, clock.zone()),
            why=why,
            created_at=now,
            created_by=by,
        )
        for customer_id, subscription_id in cuts
        if customer_id in set(customers)
    )
    deferrals.follow(customers, now=now, by=by)
