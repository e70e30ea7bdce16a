"""The scheduler of the chaos: the real jobs every few seconds, the timers of production, alarms, and a record of runs.

The record is a file, because it must not depend on what is broken: one line of JSON for each beginning and end.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import fields
from datetime import UTC

from tests.chaos.timeline import rhythm
from tests.jobs.program import OftenJob, slots  # loads Django
from utils.alarms import conditions
from utils.alarms.watch import Watch
from utils.background_tasks import TIMETABLE, TROUBLES
from utils.scheduler.jobs import Job
from utils.scheduler.supervisor import Supervisor, exit_now


def recorded(job: Job) -> OftenJob:
    """The job in its quick rhythm, which leaves a line when it begins and when it ends."""

    def work() -> int | None:
        _record(job.id, "began")
        try:
            rows = job.function()
        except BaseException:
            _record(job.id, "failed")
            raise
        _record(job.id, "done")
        return rows

    own = {field.name: getattr(job, field.name) for field in fields(Job)}
    seconds = rhythm(job.id)
    return OftenJob(**{**own, "function": work, "cron": f"every {seconds} s", "every": seconds})


def _record(job_id: str, what: str) -> None:
    slot = slots.now.astimezone(UTC).timestamp()
    line = json.dumps({"job": job_id, "slot": slot, "what": what, "at": time.time(), "pid": os.getpid()})
    file = os.open(os.environ["RECORD"], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(file, f"{line}\n".encode())
    os.close(file)


if __name__ == "__main__":
    jobs = [recorded(job) for job in TIMETABLE]
    # Whether a job is late follows from its cron expression, which these have not.
    watch = Watch({**TROUBLES, "failed": conditions.failed(jobs), "late": lambda now: []})
    exit_now(Supervisor(jobs, on_tick=watch.look, listeners=[slots, watch]).run())
