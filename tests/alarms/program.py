"""A scheduler as ``tests.jobs.program``, which also alarms and pings: ``python -m tests.alarms.program``."""

from __future__ import annotations

from datetime import timedelta

from tests.jobs.program import SHORT, slots, timetable  # loads Django
from utils.alarms import conditions, dead_man
from utils.alarms.delivery import Pace
from utils.alarms.watch import Watch
from utils.scheduler.supervisor import Supervisor, exit_now

QUICK = Pace(look=0.1, first_retry=timedelta(seconds=0.1), last_retry=timedelta(seconds=0.5))

if __name__ == "__main__":
    jobs = timetable()
    planned = [job for job in jobs if not job.every]
    watch = Watch({"failed": conditions.failed(jobs), "late": conditions.late(planned)}, pace=QUICK)
    pings = dead_man.DeadMan(dead_man.addresses(), jobs)
    exit_now(Supervisor(jobs, SHORT, on_tick=watch.look, listeners=(slots, pings, watch)).run())
