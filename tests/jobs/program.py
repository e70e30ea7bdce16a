"""A scheduler with a timetable and timers of a test: ``python -m tests.jobs.program``.

The environment has JOBS, a list such as ``[{"id": "tick", "every": 2, "does": "note", "limit": 9}]``: every so many
seconds, or by ``cron``; what they do is noted in the table ``notes``. TIMERS has what differs from ``SHORT``, or says
``"production"``. BREAK names a fault of ``tests.jobs.breaking``.
"""

# ruff: noqa: E402  (Django must be set up before its models are imported)
from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "isp_billing.settings")

import django

django.setup()

from apscheduler.triggers.cron import CronTrigger
from django.db import connection

from tests.jobs.breaking import break_down, hanging
from utils.scheduler import stopping
from utils.scheduler.jobs import Job
from utils.scheduler.supervisor import Supervisor, exit_now
from utils.scheduler.timers import Timers

SHORT = Timers(
    look=0.05,
    ping=0.3,
    lease=10,
    silence=20,
    watch=0.2,
    requests=0.1,
    reconcile=0.5,
    first_retry=0.1,
    last_retry=0.5,
    longest_wait=1,
    tick=0.5,
)


@dataclass(frozen=True)
class OftenJob(Job):
    """A job whose rhythm is counted in seconds."""

    every: int = field(default=0, kw_only=True)

    def trigger(self) -> CronTrigger:
        return CronTrigger(second=f"*/{self.every}", timezone=UTC) if self.every else super().trigger()


class Slots(threading.local):
    """Listens to the runs, and knows the slot of the one that this thread carries out."""

    now: datetime

    def run_started(self, job: Job, slot: datetime) -> None:
        self.now = slot

    def run_ended(self, job: Job, error: str) -> None:
        pass


slots = Slots()


def note(job: str, what: str = "ran") -> int:
    values = [job, what, os.getpid(), slots.now]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO notes (job, what, pid, slot) VALUES (%s, %s, %s, %s)", values)
    return 1


def does(job: str, what: str):
    """What a job does, such as ``note``, ``sleep 5``, ``query SELECT 1``, ``fail why``, ``return 3``, ``hang``,
    ``work 60``: until the scheduler stops."""
    verb, _, rest = what.partition(" ")

    def act() -> int | None:
        rows = note(job)
        if verb == "sleep":
            threading.Event().wait(float(rest))
        elif verb == "hang":
            hanging.set()
            threading.Event().wait()
        elif verb == "work":
            stopping.asked().wait(float(rest))
        elif verb == "query":
            with connection.cursor() as cursor:
                cursor.execute(rest)
        elif verb == "fail":
            raise ValueError(rest.replace("NUL", "\0"))
        elif verb == "return":
            rows = int(rest)
        if verb != "note":
            note(job, "ended")
        return rows

    return act


def timetable():
    jobs = json.loads(os.environ["JOBS"])
    return [
        OftenJob(
            id=job["id"],
            name=job.get("name", job["id"]),
            function=does(job["id"], job.get("does", "note")),
            cron=job.get("cron", f"every {job.get('every')} s"),
            limit=timedelta(seconds=job.get("limit", 60)),
            every=job.get("every", 0),
        )
        for job in jobs
    ]


if __name__ == "__main__":
    given = json.loads(os.environ.get("TIMERS", "{}"))
    timers = Timers() if given == "production" else replace(SHORT, **given)
    if fault := os.environ.get("BREAK"):
        break_down(fault)
    exit_now(Supervisor(timetable(), timers, listeners=[slots]).run())
