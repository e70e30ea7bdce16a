"""The machinery around APScheduler: one leader, a guarded loop, a timetable that code decides, a clean stop.

APScheduler keeps the time. The timetable is in the code, the plan in memory, what ran in the ledger
of runs; the two django-apscheduler tables follow for operators, and nothing here trusts them for
safety. The jobs themselves are safe to run twice.
"""

from __future__ import annotations


def run_job(job_id: str) -> None:
    """What stored jobs point to. The leader runs the jobs of its timetable and never calls what is stored.

    Raises:
        JobError: always.
    """
    from utils.scheduler.jobs import JobError  # noqa: PLC0415  (stored jobs are read before Django is ready)

    raise JobError(f"{job_id} runs in the scheduler process only: start run_scheduler.py")
