"""Rows as the scheduler writes them: runs, and processes that lead or stand by."""

from datetime import timedelta

from tests.builders import at
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


def add_instance(seen_at, *, role="leader", name="", started_at="2026-03-01T00:00"):
    return Instance.objects.create(
        name=name or f"host-{Instance.objects.count() + 1}", role=role, seen_at=at(seen_at), started_at=at(started_at)
    )
