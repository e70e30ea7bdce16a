"""The idle sweep: nobody is due, as at nearly every minute of a month."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from benchmarks import installation, overdue
from benchmarks.measuring import LIMIT, OURS, QUERYSET, Course, Race, Work
from billing.models import BillLine
from billing.services import sweep

WORK = Work("Idle sweep", "sweep", single_rows=True)
WARM_UP, REPETITIONS = 20, 200  # of each contender


def race(course: Course) -> Race:
    """Let the contenders take turns at finding nobody; each of the many repetitions is a round."""
    overdue.prepare(course.size, course.by_hand)
    acts = {LIMIT: lambda: _by_hand(course.by_hand), OURS: _disable, QUERYSET: _naive}
    for act in [*acts.values()] * WARM_UP:
        act()
    race = Race(WORK, course.size)
    for _ in range(REPETITIONS):
        for contender, act in acts.items():
            race.run(contender, 1, act)
    race.series[LIMIT].queries = 1
    return race


def _by_hand(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(installation.sql("limit_idle_sweep"), {"now": overdue.NOBODY_DUE_AT})
        assert cursor.rowcount == 1


def _disable() -> None:
    assert not sweep.disable_due(now=overdue.NOBODY_DUE_AT, limit=settings.SWEEP_BATCH_SIZE).looked_at


def _naive() -> None:
    due = BillLine.objects.filter(
        bill__status="open", cut_off_at__lte=overdue.NOBODY_DUE_AT, subscription__access_state__is_on=True
    )
    assert not due.select_related("bill", "subscription")
