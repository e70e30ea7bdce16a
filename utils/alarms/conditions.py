"""What is to be told now: each source looks at one kind of trouble and says what it found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError
from django.db.models import F

from utils.models import JobRun
from utils.monitoring import status
from utils.scheduler.jobs import Job

BLIND = "blind"  # the kind of what is told of a source that fails
CAUGHT_UP = timedelta(seconds=90)  # within which an interrupted run is begun anew, or its job runs again


# What a source found as of an instant: what each trouble is about, unique in its kind, and what staff read of it.
Source = Callable[[datetime], Iterable[tuple[str, str]]]


@dataclass
class Findings:
    """The texts of what all sources found, by the key ``kind:about``; why some kinds could not be looked at."""

    texts: dict[str, str] = field(default_factory=dict)
    blind: dict[str, Exception] = field(default_factory=dict)

    def concerns(self, key: str) -> bool:
        """Whether the source of ``key`` could be asked, so that its silence means that the trouble is gone."""
        return key.partition(":")[0] not in self.blind


def find(sources: Mapping[str, Source], now: datetime) -> Findings:
    """Ask every source; one that fails is a trouble of its own and does not hide what the others find.

    Raises:
        OperationalError, InterfaceError: the database does not answer; nothing is known then.
    """
    findings = Findings()
    for kind, source in sources.items():
        try:
            findings.texts |= {f"{kind}:{about}": text for about, text in source(now)}
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            findings.blind[kind] = error
            findings.texts[f"{BLIND}:{kind}"] = f"Alarms of the kind “{kind}” cannot be told: {error}"
    return findings


def late(timetable: Sequence[Job]) -> Source:
    """Jobs without a success where there should be one."""

    def source(now: datetime) -> Iterable[tuple[str, str]]:
        for job in status.current(timetable, now).jobs:
            if job.problem:
                yield job.id, job.problem

    return source


def failed(timetable: Sequence[Job]) -> Source:
    """Jobs whose last run failed, or was cut off and not begun anew."""

    def source(now: datetime) -> Iterable[tuple[str, str]]:
        for job in timetable:
            runs = JobRun.objects.filter(job_id=job.id, superseded=False)
            newest = list(runs.order_by(F("ended_at").desc(nulls_first=True))[:2])
            ended = [run for run in newest if run.ended_at]
            if ended and ended[0].result == JobRun.Result.FAILED:
                yield job.id, f"“{job.name}” failed: {ended[0].error.partition(chr(10))[0]}"
            elif _was_cut_off(newest, now):
                yield job.id, f"“{job.name}” was cut off in its last run and has not run again"

    return source


def _was_cut_off(newest: Sequence[JobRun], now: datetime) -> bool:
    """Whether the last run was cut off so long ago that no other will follow at once."""
    run = newest[0] if newest else None
    return bool(run and run.result == JobRun.Result.INTERRUPTED and run.ended_at and run.ended_at < now - CAUGHT_UP)
