"""What a timetable consists of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from apscheduler.triggers.cron import CronTrigger
from django.conf import settings

from utils import cron

ENTRY = "utils.scheduler:run_job"  # what stored jobs point to; it never moves, so that they outlive every deploy


@dataclass(frozen=True)
class Job:
    """One entry of the timetable; ``cron`` is read in the installation's zone.

    ``function`` may return how many rows it handled. It must be safe to run twice. A run that takes
    longer than ``limit`` has hung: the process is ended and started again.
    """

    id: str
    name: str
    function: Callable[[], int | None]
    cron: str
    limit: timedelta = timedelta(minutes=10)

    def trigger(self) -> CronTrigger:
        """Its rhythm.

        Raises:
            ValueError: ``cron`` is not a cron expression.
        """
        return cron.parse(self.cron, settings.TIME_ZONE)


class JobError(Exception):
    """A stored job that is called where jobs do not run."""
