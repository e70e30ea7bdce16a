"""Since when each job has its rhythm, so that a new, changed or resumed job is not taken for a late one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from utils.models import JobRhythm
from utils.scheduler.jobs import Job


def note(timetable: Iterable[Job], *, now: datetime) -> set[str]:
    """Bring the rhythms in line with the timetable: a new or changed one begins now, one of no job is forgotten.

    Returns the ids of the jobs whose rhythm was another one before.
    """
    crons = {job.id: job.cron for job in timetable}
    JobRhythm.objects.exclude(job_id__in=crons).delete()
    known = dict(JobRhythm.objects.values_list("job_id", "cron"))
    begun = [JobRhythm(job_id=job, cron=cron, since=now) for job, cron in crons.items() if known.get(job) != cron]
    JobRhythm.objects.bulk_create(
        begun, update_conflicts=True, unique_fields=["job_id"], update_fields=["cron", "since"]
    )
    return {rhythm.job_id for rhythm in begun if rhythm.job_id in known}


def begin_anew(job_id: str, *, now: datetime) -> None:
    """The job runs in its rhythm from now on, after it was paused."""
    JobRhythm.objects.filter(job_id=job_id).update(since=now)
