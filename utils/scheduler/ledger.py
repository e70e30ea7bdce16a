"""The ledger of runs: what ran in which slot, and how it went. A slot runs once."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max

from utils.models import Instance, JobRequest, JobRun
from utils.scheduler.slots import Past

logger = logging.getLogger(__name__)

Result = JobRun.Result
MOST_TRIES = 2  # of a run that is cut off; one that ends the process each time must not do so for ever
CLOCK_TOLERANCE = timedelta(seconds=5)  # between the clocks of two machines
CUT_OFF = "Interrupted: the process ended before the run did."


@dataclass(frozen=True)
class Work:
    """One run of a job: in a slot of its rhythm, or because staff asked for it."""

    job_id: str
    slot: datetime
    request_id: int | None = None


@dataclass(frozen=True)
class Outcome:
    """How a run ended; ``rows`` when the job told how many it handled."""

    result: Result
    rows: int | None = None
    error: str = ""

    @property
    def summary(self) -> str:
        """Such as “succeeded, 12 rows”."""
        rows = "" if self.rows is None else f", {self.rows} row{'' if self.rows == 1 else 's'}"
        headline = self.error.partition("\n")[0]
        return f"{self.result.value}{rows}{': ' if headline else ''}{headline}"[:200]


def begin(work: Work, *, instance: str, now: datetime) -> int | None:
    """Enter a run; its id, or None when its slot ran already.

    Nor is a request begun that is done: whoever carries requests out may have read it while its run was about to end.
    """
    try:
        with transaction.atomic():
            if work.request_id and not JobRequest.objects.filter(pk=work.request_id, done_at=None).exists():
                return None
            run = JobRun.objects.create(
                job_id=work.job_id,
                slot=work.slot,
                asked=work.request_id is not None,
                instance=instance,
                started_at=now,
            )
    except IntegrityError:
        return None
    return int(run.pk)


def end(run_id: int, work: Work, outcome: Outcome, *, now: datetime) -> None:
    """Enter how a run ended, unless somebody closed it meanwhile; a request is done with it."""
    with transaction.atomic():
        JobRun.objects.filter(pk=run_id, result=Result.RUNNING).update(
            result=outcome.result, rows=outcome.rows, error=outcome.error, ended_at=now
        )
        if work.request_id is not None:
            JobRequest.objects.filter(pk=work.request_id, done_at=None).update(done_at=now, outcome=outcome.summary)


def interrupt(*, now: datetime, run_ids: list[int] | None = None) -> int:
    """Close runs that ended with their process: some, or all that are open; how many."""
    running = JobRun.objects.filter(result=Result.RUNNING)
    if run_ids is not None:
        running = running.filter(pk__in=run_ids)
    return running.update(result=Result.INTERRUPTED, error=CUT_OFF, ended_at=now)


def give_back_the_future(now: datetime) -> int:
    """Let slots come again that ran before the clock was set back; how many."""
    border = now + CLOCK_TOLERANCE
    ahead = JobRun.objects.filter(started_at__gt=border, slot__gt=border, asked=False, superseded=False)
    return ahead.update(superseded=True)


def past(job_id: str) -> Past:
    """The last slot of a job that began, and whether it is to be run again: once, when it was cut off."""
    runs = JobRun.objects.filter(job_id=job_id, asked=False, superseded=False)
    last = runs.order_by("-slot", "-id").first()
    if last is None:
        return Past()
    again = last.result == Result.INTERRUPTED and runs.filter(slot=last.slot).count() < MOST_TRIES
    return Past(last.slot, again)


def was_cut_off_too_often(work: Work) -> bool:
    """Whether what staff asked for was begun and cut off as often as it may be."""
    cut_off = JobRun.objects.filter(job_id=work.job_id, slot=work.slot, asked=True, result=Result.INTERRUPTED)
    return cut_off.count() >= MOST_TRIES


def delete_old(*, before: datetime) -> int:
    """Delete old runs, instances and requests that are done; how many rows.

    The last run and the last success of each job stay: from them follows what was missed.
    """
    kept = [
        pk
        for runs in (JobRun.objects.filter(asked=False), JobRun.objects.filter(result=Result.SUCCEEDED))
        for pk in runs.order_by().values_list("job_id").annotate(newest=Max("pk")).values_list("newest", flat=True)
    ]
    old = (
        JobRun.objects.filter(started_at__lt=before).exclude(pk__in=kept).exclude(result=Result.RUNNING),
        Instance.objects.filter(seen_at__lt=before),
        JobRequest.objects.filter(done_at__lt=before),
    )
    return sum(rows.delete()[0] for rows in old)
