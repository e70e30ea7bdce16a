"""What a timetable consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

ENTRY = "utils.scheduler:run_job"  # what stored jobs point to; it never moves, so that they outlive every deploy


@dataclass(frozen=True)
class Job:
    """One entry of the timetable; ``cron`` is read in the installation's zone.

    ``function`` may return how many rows it handled. A run that takes longer than ``limit`` has hung.
    """

    id: str
    name: str
    function: Callable[[], int | None]
    cron: str
    limit: timedelta = timedelta(minutes=10)


class JobError(Exception):
    """A job's error, short enough for the history table."""
