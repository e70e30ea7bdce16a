"""The loop of APScheduler, guarded, and its plan, which is in memory."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from apscheduler.events import EVENT_SCHEDULER_RESUMED
from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job as PlannedJob
from apscheduler.jobstores.memory import MemoryJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from django.conf import settings

from utils.scheduler.jobs import ENTRY, Job
from utils.scheduler.timers import Timers

logger = logging.getLogger(__name__)

FAILURES_BEFORE_SILENCE = 5  # after them the watchdog decides


class GuardedScheduler(BackgroundScheduler):
    """A scheduler whose loop survives every error, tells that it turns, and looks again often enough."""

    def __init__(self, timers: Timers, on_turn: Callable[[], None], executor: BaseExecutor) -> None:
        super().__init__(
            timezone=settings.TIME_ZONE, jobstores={"default": MemoryJobStore()}, executors={"default": executor}
        )
        self._timers = timers
        self._on_turn = on_turn
        self._failures = 0
        self._retries = timers.retries()

    def _process_jobs(self) -> float:
        try:
            wait: float | None = super()._process_jobs()
        except Exception:
            self._failures += 1
            logger.exception("The scheduler's loop failed and goes on")
            wait = next(self._retries)
        else:
            self._failures, self._retries = 0, self._timers.retries()
        if self._failures < FAILURES_BEFORE_SILENCE:
            self._on_turn()
        if wait is None:
            return self._timers.longest_wait
        return min(wait or self._timers.shortest_wait, self._timers.longest_wait)


class Plan:
    """When each job of the timetable comes next. It is kept in memory, so that no table can spoil it."""

    def __init__(self, timers: Timers, on_turn: Callable[[], None], executor: BaseExecutor) -> None:
        self._scheduler = GuardedScheduler(timers, on_turn, executor)
        self._scheduler.add_listener(_log_started, EVENT_SCHEDULER_RESUMED)

    def open(self) -> None:
        """Take jobs from now on, without running any."""
        self._scheduler.start(paused=True)

    def begin(self) -> None:
        """Run what is due from now on."""
        self._scheduler.resume()

    def hold(self) -> None:
        """Begin no run any more."""
        self._scheduler.pause()

    def is_alive(self) -> bool:
        """Whether the thread of the loop still turns."""
        thread = self._scheduler._thread
        return thread is not None and thread.is_alive()

    def look(self) -> None:
        """Look at once what is due."""
        self._scheduler.wakeup()

    def put(self, job: Job, due: datetime | None) -> None:
        """Set when a job comes next; None for not at all."""
        self._scheduler.add_job(
            ENTRY,
            trigger=job.trigger(),
            args=[job.id],
            id=job.id,
            name=job.name,
            next_run_time=due,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            replace_existing=True,
        )

    def due(self, job_id: str) -> datetime | None:
        """When a job comes next."""
        planned = self._scheduler.get_job(job_id)
        return planned.next_run_time if planned else None

    def jobs(self) -> list[PlannedJob]:
        return list(self._scheduler.get_jobs())


def _log_started(event: object) -> None:
    logger.info("Scheduler started successfully!")
