"""Keep the figures up to date: what may have changed often, all of it once a day.

Money of today and yesterday and the open bills are counted in every run, of documents those that the ledger booked
since the last one, and recurring revenue, for which every subscription is looked at, in the
first run of an hour. What was dated further back meanwhile, or whose customer moved to another area, comes with the
first run of the next day.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import Max, Min

from billing.models import FiguresCount, LedgerEntry, Subscription
from billing.services import clock
from billing.services.reports import collections, entries, income, receivables, recurring, tax
from billing.services.reports.entries import Mark, New
from billing.services.reports.kept import A_DAY, Days

DAYS_COUNTED_ANEW = 400  # each night, or more when something was dated further back


def refresh(*, now: datetime) -> int:
    """Count what may have changed since the last time, and everything in the first run of a day; how many rows."""
    rows, today = _recent(now), clock.local_date(now)
    state = FiguresCount.objects.get(pk=1)
    if state.whole_on != today:
        rows += _whole(state, today)
    return rows


@transaction.atomic(durable=True)
def _recent(now: datetime) -> int:
    state = _locked()
    today = clock.local_date(now)
    rows, marks = collections.count(Days(today - A_DAY, today + A_DAY)) + receivables.count(now), {}
    for day in (today - A_DAY, today):
        found = state.recent.get(str(day))
        new = entries.since(Mark(*found) if found else None, day)
        rows += _follow(Days(day, day + A_DAY), new)
        marks[str(day)] = new.mark
    if state.counted_at is None or state.counted_at < _start_of_hour(now):
        rows += recurring.count(recurring.first_of(today), today)
    FiguresCount.objects.update(counted_at=now, recent=marks)
    return rows


def _follow(days: Days, new: New) -> int:
    """Count the documents that are new on a day, or all of it."""
    if new.is_all:
        return income.count(days) + tax.count(days)
    return income.add(days, new) + tax.add(days, new) if new.count else 0


def _start_of_hour(now: datetime) -> datetime:
    return now.replace(minute=0, second=0, microsecond=0)


def _whole(state: FiguresCount, today: date) -> int:
    """A month at a time, so that nobody waits for long and little memory is needed."""
    new = LedgerEntry.objects.filter(id__gt=state.whole_entry).aggregate(last=Max("id"), first_day=Min("booked_on"))
    since, rows = min(new["first_day"] or today, today - timedelta(days=DAYS_COUNTED_ANEW)), 0
    for days in _months(since, today + A_DAY):
        rows += _count(days)
    for month in _months_kept(today):
        rows += _count_month(month, today)
    FiguresCount.objects.update(
        whole_on=today,
        whole_since=min(since, state.whole_since or since),
        whole_entry=new["last"] or state.whole_entry,
    )
    return rows


@transaction.atomic(durable=True)
def _count(days: Days) -> int:
    _locked()
    FiguresCount.objects.update(recent={})
    return collections.count(days) + income.count(days) + tax.count(days)


@transaction.atomic(durable=True)
def _count_month(month: date, today: date) -> int:
    _locked()
    return recurring.count(month, today)


def _locked() -> FiguresCount:
    """What was counted when; one count at a time."""
    FiguresCount.objects.get_or_create(pk=1)
    return FiguresCount.objects.select_for_update().get(pk=1)


def _months(since: date, until: date) -> Iterator[Days]:
    """The days from ``since`` to before ``until`` in parts that end with their months."""
    while since < until:
        end = min(recurring.first_of(since) + relativedelta(months=1), until)
        yield Days(since, end)
        since = end


def _months_kept(today: date) -> Iterator[date]:
    """The months that are counted anew, the oldest first; the running one is counted in every run."""
    first = Subscription.objects.aggregate(first=Min("starts_on"))["first"]
    this_month = recurring.first_of(today)
    for ago in range(recurring.MONTHS - 1, 0, -1):
        month = this_month - relativedelta(months=ago)
        if first and first < month + relativedelta(months=1):
            yield month
