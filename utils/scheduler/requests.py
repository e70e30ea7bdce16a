"""What staff may ask of the leader: to run a job now, to pause it, to resume it. The row is the audit."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from django import db
from django.db import transaction

from utils.models import JobRequest, PausedJob
from utils.scheduler import errors, ledger, rhythms
from utils.scheduler.jobs import Job
from utils.scheduler.ledger import Work

logger = logging.getLogger(__name__)

Kind = JobRequest.Kind
OUTCOME_LENGTH = JobRequest._meta.get_field("outcome").max_length


class RequestRefused(Exception):
    """A request that nobody can carry out; the text is for staff."""


class Leader(Protocol):
    """Who carries requests out."""

    def leads(self) -> bool:
        """Whether this process still is the leader."""

    def knows(self, job_id: str) -> bool:
        """Whether the timetable has the job."""

    def run_now(self, work: Work) -> bool:
        """Begin the run that is asked for, which closes the request when it ends; False while the job runs already."""

    def pause(self, job_id: str) -> None:
        """Begin no slot of the job."""

    def resume(self, job_id: str, since: datetime) -> None:
        """Begin its slots again; of those after ``since`` that have passed, the last one."""


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


def carry_out(leader: Leader, now: datetime) -> None:
    """Do what staff ask for, in the order in which they did; a run that must wait holds up nothing."""
    waiting = list(JobRequest.objects.filter(done_at=None).order_by("pk"))
    if not waiting or not leader.leads():
        return
    for request in waiting:
        try:
            _carry_out(leader, request, now)
        except db.Error:
            raise
        except Exception as error:
            logger.exception("The request to %s cannot be carried out", request)
            _close(request, f"failed: {errors.headline(error)}", now)


def _carry_out(leader: Leader, request: JobRequest, now: datetime) -> None:
    if not leader.knows(request.job_id):
        _close(request, "refused: there is no such job", now)
    elif request.kind == Kind.RUN:
        _run(leader, request, now)
    elif request.kind == Kind.PAUSE:
        _pause(request, now)
        leader.pause(request.job_id)
    elif since := _resume(request, now):
        leader.resume(request.job_id, since)


def _run(leader: Leader, request: JobRequest, now: datetime) -> None:
    work = Work(request.job_id, request.asked_at, request.pk)
    if ledger.was_cut_off_too_often(work):
        _close(request, "given up: the run was cut off twice", now)
    else:
        leader.run_now(work)


@transaction.atomic
def _pause(request: JobRequest, now: datetime) -> None:
    _, is_new = PausedJob.objects.get_or_create(
        job_id=request.job_id, defaults={"since": now, "paused_by": request.asked_by}
    )
    _close(request, "paused" if is_new else "was paused already", now)


@transaction.atomic
def _resume(request: JobRequest, now: datetime) -> datetime | None:
    """Since when the job was paused; None when it was not."""
    paused = PausedJob.objects.filter(job_id=request.job_id).first()
    if paused:
        paused.delete()
        rhythms.begin_anew(request.job_id, now=now)
    _close(request, "resumed" if paused else "was not paused", now)
    return paused.since if paused else None


def _close(request: JobRequest, outcome: str, now: datetime) -> None:
    JobRequest.objects.filter(pk=request.pk).update(done_at=now, outcome=outcome[:OUTCOME_LENGTH])
