from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from utils.background_tasks import TIMETABLE
from utils.monitoring import status, words
from utils.monitoring.facts import Fact
from utils.monitoring.status import JobStatus, SchedulerStatus

HEADS = ("job", "schedule", "state", "last success", "last error", "next run")
NONE = "-"


class Command(BaseCommand):
    help = "Show who leads and how each job is; exit 1 when no scheduler leads or a job is late."

    def handle(self, **options: Any) -> None:
        found = status.current(TIMETABLE, timezone.now())
        for line in (*_processes(found), "", *_table([HEADS, *(_cells(job) for job in found.jobs)]), ""):
            self.stdout.write(line.rstrip())
        for alarm in found.alarms:
            self.stdout.write(f"Alarm since {words.local(alarm.at)}: {alarm.text}")
        if found.is_stale:
            raise CommandError("\n".join(found.problems))
        starting = "No scheduler leads yet; it has a moment to start."
        self.stdout.write(starting if found.is_starting else "The scheduler is well.")


def _processes(found: SchedulerStatus) -> list[str]:
    age = f"{words.span(found.heartbeat_age)} ago" if found.heartbeat_age is not None else "never"
    leader = f"{found.leader.about}, since {words.local(found.leader.at)}" if found.leader else "none"
    standbys = ", ".join(standby.about for standby in found.standbys) or "none"
    return [f"leader:    {leader}", f"heartbeat: {age}", f"standby:   {standbys}"]


def _cells(job: JobStatus) -> tuple[str, ...]:
    return (
        job.id,
        job.schedule,
        job.state,
        _ended(job.last_success),
        _ended(job.last_failure),
        words.local(job.next_run) if job.next_run else NONE,
    )


def _ended(run: Fact | None) -> str:
    return words.local(run.until) if run and run.until else NONE


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(f"{cell:{width}}" for cell, width in zip(row, widths, strict=True)) for row in rows]
