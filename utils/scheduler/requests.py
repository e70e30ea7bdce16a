"""What staff may ask of the leader: to run a job now, to pause it, to resume it. The row is the audit."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from utils.models import JobRequest
from utils.scheduler.jobs import Job

Kind = JobRequest.Kind


class RequestRefused(Exception):
    """A request that nobody can carry out; the text is for staff."""


def ask_run(
    job_id: str, *, timetable: Iterable[Job], by: Any, now: datetime, request_key: UUID | None = None
) -> JobRequest:
    """Ask the leader to run a job now, outside its rhythm; also one that is paused.

    Raises:
        RequestRefused: the timetable has no such job.
    """
    return _ask(Kind.RUN, job_id, timetable=timetable, by=by, now=now, request_key=request_key)


def ask_pause(
    job_id: str, *, timetable: Iterable[Job], by: Any, now: datetime, request_key: UUID | None = None
) -> JobRequest:
    """Ask the leader not to run a job until it is resumed; a run in progress goes on.

    Raises:
        RequestRefused: the timetable has no such job.
    """
    return _ask(Kind.PAUSE, job_id, timetable=timetable, by=by, now=now, request_key=request_key)


def ask_resume(
    job_id: str, *, timetable: Iterable[Job], by: Any, now: datetime, request_key: UUID | None = None
) -> JobRequest:
    """Ask the leader to run a job in its rhythm again; of the slots missed while it was paused, the last one runs.

    Raises:
        RequestRefused: the timetable has no such job.
    """
    return _ask(Kind.RESUME, job_id, timetable=timetable, by=by, now=now, request_key=request_key)


def _ask(
    kind: Kind, job_id: str, *, timetable: Iterable[Job], by: Any, now: datetime, request_key: UUID | None
) -> JobRequest:
    """What waits already, or was made by the same form, is not made twice: a second click changes nothing."""
    if job_id not in {job.id for job in timetable}:
        raise RequestRefused(f"There is no job {job_id}.")
    asked = JobRequest(job_id=job_id, kind=kind, asked_at=now, asked_by=by, request_key=request_key)
    JobRequest.objects.bulk_create([asked], ignore_conflicts=True)
    made = JobRequest.objects.filter(request_key=request_key).first() if request_key else None
    if made and (made.job_id, made.kind) != (job_id, kind):
        raise RequestRefused(f"This form was already used to {made}. Load the page again.")
    return made or JobRequest.objects.filter(job_id=job_id, kind=kind).latest("pk")
