"""The machinery around APScheduler: one leader, a guarded loop, a timetable that code decides, a clean stop.

APScheduler keeps the time and writes the two django-apscheduler tables that operators query;
nothing here trusts those tables for safety. The jobs themselves are safe to run twice.
"""

from __future__ import annotations


def run_job(job_id: str) -> None:
    """What the job store points to; it never moves, so that stored jobs outlive every deploy."""
    from utils.scheduler import runner  # noqa: PLC0415  (web processes import this package without APScheduler)

    runner.run_job(job_id)
