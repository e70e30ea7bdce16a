"""Runs the jobs of the timetable while this process is the leader."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from apscheduler.events import EVENT_SCHEDULER_RESUMED
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.job import Job as StoredJob
from apscheduler.triggers.cron import CronTrigger
from django.conf import settings
from django.db import connection, connections
from django_apscheduler.jobstores import DjangoJobStore
from django_apscheduler.models import DjangoJob

from utils import cron
from utils.scheduler.jobs import ENTRY, Job, JobError
from utils.scheduler.leader import Leadership
from utils.scheduler.listening import Listeners, RunListener
from utils.scheduler.loop import GuardedScheduler

logger = logging.getLogger(__name__)

ERROR_LENGTH = 900  # characters; the history table takes 1000 and loses the whole entry beyond
JOB_LIMITS = "SET statement_timeout = '60s'; SET lock_timeout = '5s'"


class Runner:
    """Runs the jobs of the timetable while this process is the leader."""

    active: ClassVar[Runner | None] = None

    def __init__(self, timetable: Iterable[Job], leadership: Leadership, listeners: Sequence[RunListener] = ()) -> None:
        self._jobs = {job.id: job for job in timetable}
        self._leadership = leadership
        self._listeners = Listeners(listeners)
        self._idle = threading.Condition()
        self._running: set[str] = set()
        self._scheduler = GuardedScheduler(
            timezone=settings.TIME_ZONE,
            jobstores={"default": DjangoJobStore()},
            executors={"default": ThreadPoolExecutor(len(self._jobs))},
        )
        self._scheduler.add_listener(_log_started, EVENT_SCHEDULER_RESUMED)

    def start(self) -> None:
        """Bring the job store in line with the timetable and begin."""
        Runner.active = self
        self._scheduler.start(paused=True)
        self._remove_unknown()
        for job in self._jobs.values():
            self._add(job)
        connections.close_all()
        self._scheduler.resume()

    def is_alive(self) -> bool:
        """Whether APScheduler's thread still turns."""
        thread = self._scheduler._thread
        return thread is not None and thread.is_alive()

    def stop(self, seconds: float) -> bool:
        """Begin nothing more and wait for the running jobs; False when they took longer."""
        self._scheduler.pause()
        with self._idle:
            return self._idle.wait_for(lambda: not self._running, timeout=seconds)

    def run(self, job_id: str) -> None:
        """Run one job now, in a thread of the pool, and log how it went."""
        job = self._jobs[job_id]
        with self._idle:
            self._running.add(job_id)
        try:
            self._run(job)
        finally:
            connections.close_all()
            with self._idle:
                self._running.discard(job_id)
                self._idle.notify_all()

    def _run(self, job: Job) -> None:
        if not self._leadership.is_held():
            raise JobError("This process is not the leader any more; another scheduler acts.")
        logger.info('Running job "%s"', job.name)
        self._listeners.run_started(job)
        connections.close_all()
        try:
            with connection.cursor() as cursor:
                cursor.execute(JOB_LIMITS)
            job.function()
        except Exception as error:
            logger.exception('Job "%s" failed', job.name)
            text = f"{type(error).__name__}: {error}".replace("\0", "")[:ERROR_LENGTH]
            self._listeners.run_ended(job, text)
            raise JobError(text) from None
        logger.info("Job executed successfully")
        self._listeners.run_ended(job, "")

    def _remove_unknown(self) -> None:
        for job_id in DjangoJob.objects.exclude(id__in=self._jobs).values_list("id", flat=True):
            DjangoJob.objects.filter(id=job_id).delete()
            logger.warning("Removed job %s: it is not in the timetable", job_id)

    def _add(self, job: Job) -> None:
        trigger = cron.parse(job.cron, settings.TIME_ZONE)
        self._scheduler.add_job(
            ENTRY,
            trigger=trigger,
            args=[job.id],
            id=job.id,
            name=job.name,
            next_run_time=_next_run(self._stored(job.id), trigger, datetime.now(UTC)),
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
            replace_existing=True,
        )
        logger.info('Added job "%s"', job.name)

    def _stored(self, job_id: str) -> StoredJob | None:
        """The job as the last scheduler left it; None when there is none or it cannot be read."""
        try:
            return self._scheduler.get_job(job_id)
        except Exception:
            logger.exception("Job %s cannot be read from the job store and is written anew", job_id)
            return None


def _next_run(stored: StoredJob | None, trigger: CronTrigger, now: datetime) -> datetime | None:
    """When the job runs next.

    A stored time that has passed is kept while the rhythm is the same: the run that was missed is
    caught up once, at its place in the rhythm. After more than a day a place within the last day
    stands for all the missed ones.
    """
    if stored is None or repr(stored.trigger) != repr(trigger) or stored.next_run_time is None:
        first: datetime | None = trigger.get_next_fire_time(None, now)
        return first
    within_a_day: datetime | None = trigger.get_next_fire_time(None, now - timedelta(days=1))
    if within_a_day and stored.next_run_time < within_a_day <= now:
        return within_a_day
    missed: datetime = stored.next_run_time
    return missed


def _log_started(event: object) -> None:
    logger.info("Scheduler started successfully!")


def run_job(job_id: str) -> None:
    """Run a stored job in the scheduler process."""
    if Runner.active is None:
        raise JobError("Jobs run in the scheduler process only: start run_scheduler.py")
    Runner.active.run(job_id)
