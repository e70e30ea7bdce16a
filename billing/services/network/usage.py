"""Data caps: what a subscription used in its period, and what follows when that is its quota (rule E6, decision 52)."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, connection, transaction

from billing.models import AccessState, Block, DataUse, NetworkFinding, Subscription
from billing.rules.network import Cap, quota_days
from billing.services import blocks, clock
from billing.services.network import findings, policy
from billing.services.network.findings import Found

logger = logging.getLogger(__name__)

BATCH = 500
LOOK_AHEAD = 20  # batches whose ids are read at once, because each look goes through all that is due

_DUE = """
    WITH due AS MATERIALIZED (
        SELECT subscription_id FROM billing_usageday WHERE is_uncounted AND subscription_id > %(after)s
        UNION
        SELECT subscription_id FROM billing_datause WHERE period_end <= %(today)s AND subscription_id > %(after)s
    )
    SELECT subscription_id FROM due ORDER BY subscription_id LIMIT %(limit)s
"""
# Whoever changes a plan, a hold or a block has these rows: those that are locked are left to the next run.
_CLAIM = """
    SELECT subscription_id FROM billing_accessstate WHERE subscription_id = ANY(%s)
    ORDER BY subscription_id FOR NO KEY UPDATE SKIP LOCKED
"""
# Before it is added up, so that what is reported from now on is marked anew and looked at by the next run. A day that
# is being written to at this moment keeps its mark.
_UNMARK = """
    WITH locked AS (
        SELECT id FROM billing_usageday WHERE is_uncounted AND subscription_id = ANY(%s)
        ORDER BY subscription_id, day FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE billing_usageday used SET is_uncounted = false FROM locked WHERE used.id = locked.id
"""
_USED = """
    SELECT period.id, coalesce(sum(download_bytes + upload_bytes), 0)::bigint
    FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS period(id, first, last)
    LEFT JOIN billing_usageday ON subscription_id = period.id AND day >= first AND day < last
    GROUP BY period.id
"""
_KEEP = """
    INSERT INTO billing_datause AS kept (subscription_id, period_start, period_end, used_bytes, is_over)
    SELECT * FROM unnest(%s::bigint[], %s::date[], %s::date[], %s::bigint[], %s::boolean[]) AS use(id) ORDER BY id
    ON CONFLICT (subscription_id) DO UPDATE SET
        period_start = excluded.period_start, period_end = excluded.period_end, used_bytes = excluded.used_bytes,
        is_over = excluded.is_over
"""
# Days that count for a running period stay, however long it is.
_FORGET_DAYS = """
    DELETE FROM billing_usageday day WHERE day.day < %s AND NOT EXISTS (
        SELECT FROM billing_datause WHERE subscription_id = day.subscription_id AND period_start <= day.day
    )
"""


@dataclass
class Count:
    """How many subscriptions were looked at, how many blocks for a used up quota were opened and closed, how many
    subscriptions were left because somebody had them, and which could not be counted and why."""

    counted: int = 0
    opened: int = 0
    closed: int = 0
    skipped: int = 0
    set_aside: dict[int, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Use:
    """What of ``quota_gb`` was used in the running period, ``[start, end)``."""

    used_bytes: int
    cap: Cap
    start: date
    end: date

    @property
    def is_over(self) -> bool:
        return self.cap.is_over(self.used_bytes)


def count(*, now: datetime) -> Count:
    """Add up what is new of subscriptions whose plan has a quota, and begin anew where a period has ended.

    Looks only at what was used, changed or ended since the last run, in batches, each its own transaction; a batch
    that fails is done one by one. Running it again, or twice at once, changes nothing more. Who is set aside is tried
    again by each run, and stands on the list of what differs in the network until it can be counted.
    """
    policy.follow()
    run, today = Count(), clock.local_date(now)
    for ids in _batches(today):
        try:
            _take(run, ids, now=now)
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError:
            _take_one_by_one(run, ids, now=now)
    _list(run.set_aside)
    return run


def of(subscription: Subscription, *, now: datetime) -> Use | None:
    """What a subscription used in the period that runs at ``now``; None when its plan has no quota or it has ended."""
    days = _days_of(subscription, clock.local_date(now))
    cap = _cap_of(subscription)
    if cap is None or days is None:
        return None
    return Use(_used({subscription.pk: days})[subscription.pk], cap, *days)


def kept(subscription: Subscription, *, now: datetime) -> Use | None:
    """As ``of``, but as the last run counted it; no query when ``plan`` and ``data_use`` were fetched."""
    days, cap = _days_of(subscription, clock.local_date(now)), _cap_of(subscription)
    if cap is None or days is None:
        return None
    row = getattr(subscription, "data_use", None)
    used = row.used_bytes if row and (row.period_start, row.period_end) == days else 0
    return Use(used, cap, *days)


def forget(*, now: datetime) -> int:
    """Delete the use of days that are older than USAGE_HISTORY_DAYS and count for no quota; how many."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_DAYS, [clock.local_date(now) - timedelta(days=settings.USAGE_HISTORY_DAYS)])
        return int(cursor.rowcount)


def _batches(today: date) -> Iterator[list[int]]:
    after = 0
    while found := _due(today, after):
        for first in range(0, len(found), BATCH):
            yield found[first : first + BATCH]
        after = found[-1]


def _due(today: date, after: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_DUE, {"today": today, "after": after, "limit": BATCH * LOOK_AHEAD})
        return [row[0] for row in cursor.fetchall()]


def _take_one_by_one(run: Count, ids: Sequence[int], *, now: datetime) -> None:
    for subscription_id in ids:
        try:
            _take(run, [subscription_id], now=now)
        except (OperationalError, InterfaceError):
            raise
        except DatabaseError as error:
            run.set_aside[subscription_id] = str(error).splitlines()[0]


def _list(set_aside: Mapping[int, str]) -> None:
    """Keep the list of those in line with this run; the log tells of each once."""
    kind = NetworkFinding.Kind.NOT_COUNTED
    logins = Subscription.objects.in_bulk(set_aside)
    found = [Found(None, logins[pk].login, reason) for pk, reason in set_aside.items()]
    listed = findings.open_logins(kind) if found else set()
    for _router, login, reason in found:
        if login not in listed:
            logger.error("Use of %s is not counted until this is put right: %s", login, reason)
    findings.settle(kind, found)
    findings.note(kind, found)


def _take(run: Count, ids: Sequence[int], *, now: datetime) -> None:
    """Count those of ``ids`` that nobody else has locked, and open and close their blocks."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [list(ids)])
            claimed = [row[0] for row in cursor.fetchall()]
            cursor.execute(_UNMARK, [claimed])
        over = _count(claimed, clock.local_date(now))
        blocked = Block.objects.filter(subscription__in=claimed, reason=Block.Reason.QUOTA, closed_at=None)
        was_over = set(blocked.values_list("subscription_id", flat=True))
        opened, closed = over - was_over, was_over - over
        _switch(opened, closed, now=now)
    run.counted += len(claimed)
    run.skipped += len(ids) - len(claimed)
    run.opened += len(opened)
    run.closed += len(closed)


def _count(claimed: Sequence[int], today: date) -> set[int]:
    """Keep what claimed subscriptions used in their period; which are to have no access because of it."""
    capped: dict[int, Cap] = {}
    days: dict[int, tuple[date, date]] = {}
    for one in Subscription.objects.filter(pk__in=claimed).select_related("plan").order_by("pk"):
        cap, period = _cap_of(one), _days_of(one, today)
        if cap is not None and period is not None:
            capped[one.pk], days[one.pk] = cap, period
    DataUse.objects.filter(pk__in=set(claimed) - capped.keys()).delete()
    used = _used(days)
    _keep([(pk, *days[pk], used[pk], capped[pk].is_over(used[pk])) for pk in capped])
    return {pk for pk, cap in capped.items() if cap.blocks(used[pk])}


def _cap_of(subscription: Subscription) -> Cap | None:
    plan = subscription.plan
    return None if plan.quota_gb is None else Cap(plan.quota_gb, plan.over_quota)


def _days_of(subscription: Subscription, today: date) -> tuple[date, date] | None:
    ends_on = subscription.ends_on
    if ends_on is not None and ends_on <= today:
        return None
    return quota_days(subscription.schedule, today, ends_on)


def _used(days: dict[int, tuple[date, date]]) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(_USED, [list(days), [start for start, _ in days.values()], [end for _, end in days.values()]])
        return dict(cursor.fetchall())


def _keep(rows: Sequence[tuple[Any, ...]]) -> None:
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_KEEP, [list(column) for column in zip(*rows, strict=True)])


def _switch(opened: Collection[int], closed: Collection[int], *, now: datetime) -> None:
    """Open and close the blocks of locked access states. Other reasons stay (rule E6)."""
    states = AccessState.objects.in_bulk([*opened, *closed])
    for pk in sorted(states):
        change = blocks.open_block if pk in opened else blocks.close_block
        change(states[pk], Block.Reason.QUOTA, rule="E6", now=now)
