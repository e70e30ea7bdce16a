"""The two tables of django-apscheduler: they show operators the plan and the runs, and decide nothing.

Whatever is deleted, edited or locked in them, the jobs run; the tables follow as soon as they can.
"""

from __future__ import annotations

import logging
import pickle  # nosec B403
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from django import db
from django.db import connection
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from utils.scheduler import errors

if TYPE_CHECKING:
    from apscheduler.job import Job as PlannedJob

logger = logging.getLogger(__name__)

_FOLLOW_RUNS = """
    INSERT INTO django_apscheduler_djangojobexecution
        (job_id, run_time, status, duration, finished, exception, traceback)
    SELECT DISTINCT ON (job_id, slot) job_id, slot,
        CASE result WHEN 'running' THEN 'Started execution' WHEN 'succeeded' THEN 'Executed' ELSE 'Error!' END,
        extract(epoch FROM ended_at - slot), extract(epoch FROM ended_at),
        nullif(left(split_part(error, E'\\n', 1), 900), ''), nullif(error, '')
    FROM utils_jobrun run
    WHERE id = ANY(%s) AND EXISTS (SELECT FROM django_apscheduler_djangojob job WHERE job.id = run.job_id)
    ORDER BY job_id, slot, run.id DESC
    ON CONFLICT (job_id, run_time) DO UPDATE SET status = excluded.status, duration = excluded.duration,
        finished = excluded.finished, exception = excluded.exception, traceback = excluded.traceback
"""
_CLOSE = """
    UPDATE django_apscheduler_djangojobexecution SET status = 'Error!', exception = %s,
        finished = extract(epoch FROM %s::timestamptz), duration = extract(epoch FROM %s::timestamptz - run_time)
    WHERE status = 'Started execution'
"""


def stored_times() -> dict[str, datetime]:
    """When each job comes next, as the last scheduler left it; nothing when the table cannot be read."""
    try:
        return dict(DjangoJob.objects.exclude(next_run_time=None).values_list("id", "next_run_time"))
    except db.Error as error:
        logger.warning("The job table cannot be read: %s", errors.headline(error))
        return {}


def follow_plan(planned: Iterable[PlannedJob], *, anyway: bool = False) -> bool:
    """Write when each job comes next, where that is not what the table says, or ``anyway``; False when it failed."""
    try:
        shown = dict(DjangoJob.objects.values_list("id", "next_run_time"))
    except db.Error as error:
        return _failed(error)
    changed = [job for job in planned if anyway or job.id not in shown or shown[job.id] != job.next_run_time]
    written = [_write(job) for job in changed]  # all are tried, whether or not one is locked
    return all(written)


def _write(job: PlannedJob) -> bool:
    values = {"next_run_time": job.next_run_time, "job_state": pickle.dumps(job.__getstate__())}
    try:
        if not DjangoJob.objects.filter(id=job.id).update(**values):
            DjangoJob.objects.create(id=job.id, **values)
    except db.Error as error:
        return _failed(error)
    return True


def follow_runs(run_ids: Collection[int], skipped: Sequence[tuple[str, datetime]]) -> bool:
    """Write how runs go, and which slots passed while their job ran; False when it failed."""
    skips = [
        DjangoJobExecution(
            job_id=job_id,
            run_time=slot,
            status=DjangoJobExecution.MAX_INSTANCES,
            exception="Skipped: the run before took longer, and a later one follows it.",
        )
        for job_id, slot in skipped
    ]
    try:
        with connection.cursor() as cursor:
            cursor.execute(_FOLLOW_RUNS, [list(run_ids)])
        DjangoJobExecution.objects.bulk_create(skips, ignore_conflicts=True)
    except db.Error as error:
        return _failed(error)
    return True


def _failed(error: db.Error) -> bool:
    connection.close()  # it may be what is broken
    logger.warning("The job tables cannot be written and follow later: %s", errors.headline(error))
    return False


def close_stale(reason: str, *, now: datetime) -> bool:
    """End the executions that still count as started; False when it failed."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(_CLOSE, [reason, now, now])
    except db.Error as error:
        return _failed(error)
    return True


def park_unknown(known: Collection[str]) -> bool:
    """Take jobs that are not in the timetable out of the plan; the row and its history stay. False when it failed.

    Another version of the program may know them.
    """
    unknown = DjangoJob.objects.exclude(id__in=known).exclude(next_run_time=None)
    try:
        for job_id in unknown.values_list("id", flat=True):
            DjangoJob.objects.filter(id=job_id).update(next_run_time=None)
            logger.critical("Job %s is not in the timetable and does not run; its row and history stay", job_id)
    except db.Error as error:
        return _failed(error)
    return True


def delete_old(known: Collection[str], *, before: datetime) -> int:
    """Delete old executions, and jobs that are not in the timetable and have none left; how many rows."""
    executions: int = DjangoJobExecution.objects.filter(run_time__lt=before).delete()[0]
    forgotten = DjangoJob.objects.exclude(id__in=known).filter(next_run_time=None, djangojobexecution=None)
    return executions + int(forgotten.delete()[0])
