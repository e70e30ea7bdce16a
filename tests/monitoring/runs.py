"""Rows as the scheduler writes them: runs, and processes that lead or stand by."""

from datetime import timedelta

from tests.builders import at
from utils.background_tasks import TIMETABLE
from utils.models import Instance, JobRun


def add_run(job_id, slot, *, seconds=0.02, result="succeeded", **values):
    """A run of the slot that took ``seconds``; None for one that still runs."""
    started_at = at(slot) + timedelta(milliseconds=10)
    return JobRun.objects.create(
        job_id=job_id,
        slot=at(slot),
        instance="host-1",
        started_at=started_at,
        ended_at=None if seconds is None else started_at + timedelta(seconds=seconds),
        result="running" if seconds is None else result,
        **values,
    )


def add_leader(seen_at, *, role="leader", name="", started_at=None):
    """A process that was last heard of at ``seen_at``; it has led for a day."""
    return Instance.objects.create(
        name=name or f"host-{Instance.objects.count() + 1}",
        role=role,
        seen_at=seen_at,
        started_at=started_at or seen_at - timedelta(days=1),
    )


def run_every_job(now):
    """A success of every job that ended at ``now``."""
    for job in TIMETABLE:
        JobRun.objects.create(
            job_id=job.id, slot=now, instance="host-1", started_at=now, ended_at=now, result="succeeded"
        )
