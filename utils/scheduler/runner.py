"""One run of a job: only by the leader, once per slot, and recorded however it ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from django import db
from django.db import connections

from utils import origin, outage
from utils.scheduler import errors, ledger, sessions, stopping
from utils.scheduler.jobs import Job
from utils.scheduler.leader import Leadership
from utils.scheduler.ledger import Outcome, Result, Work
from utils.scheduler.listening import Listeners, RunListener
from utils.scheduler.timers import Timers
from utils.scheduler.watchdog import Watchdog

logger = logging.getLogger(__name__)

T = TypeVar("T")


class NotLeader(Exception):
    """Another scheduler acts, or may: this process must write nothing more."""


class StillRunning(Exception):
    """A run of the job that another process began is still in flight."""


class Runner:
    """Runs jobs while this process is the leader; ``lost`` is set when it is not any more.

    ``on_change`` is told the id of each run that begins or ends.
    """

    def __init__(
        self,
        timetable: Iterable[Job],
        *,
        timers: Timers,
        leadership: Leadership,
        watchdog: Watchdog,
        instance: str,
        on_change: Callable[[int], None],
        listeners: Sequence[RunListener],
    ) -> None:
        self._jobs = {job.id: job for job in timetable}
        self._timers = timers
        self._leadership = leadership
        self._watchdog = watchdog
        self._instance = instance
        self._on_change = on_change
        self._listeners = Listeners(listeners)
        self._open: dict[str, int] = {}
        self.stopping = threading.Event()
        self.lost = threading.Event()

    def run(self, work: Work) -> None:
        """Run a job, in a thread and a session of its own."""
        job = self._jobs[work.job_id]
        try:
            with sessions.limited(sessions.limits_of(job)):
                outcome = self._run(job, work)
            if outcome:
                self._listeners.run_ended(job, outcome.error.partition("\n")[0])
        except NotLeader:
            self.lost.set()
        except Exception:
            logger.exception('The run of job "%s" went wrong', job.name)
        finally:
            connections.close_all()

    def open_runs(self) -> list[int]:
        """The ids of the runs in progress."""
        return list(self._open.values())

    def _run(self, job: Job, work: Work) -> Outcome | None:
        run_id = self._persistently(f'Job "{job.name}" cannot begin', lambda: self._begin(work), unless=self.stopping)
        if run_id is None:
            return None
        self._open[job.id] = run_id
        self._on_change(run_id)
        logger.info('Running job "%s"', job.name)
        self._listeners.run_started(job, work.slot)
        outcome = self._carry_out(job)
        trouble = f'The end of job "{job.name}" cannot be recorded'
        self._persistently(trouble, lambda: _end(run_id, work, outcome), unless=threading.Event())
        self._open.pop(job.id)
        self._on_change(run_id)
        if outcome.result == Result.SUCCEEDED:
            logger.info("Job executed successfully")
        return outcome

    def _begin(self, work: Work) -> int | None:
        """The lock comes first: who is frozen after it loses the session in which he would go on."""
        if not sessions.try_lock(work.job_id):
            raise StillRunning("a run that another process began is still in flight")
        self._require_leadership()
        return ledger.begin(work, instance=self._instance, now=datetime.now(UTC))

    def _carry_out(self, job: Job) -> Outcome:
        self._watchdog.begin(job.id, job.limit.total_seconds())
        try:
            with origin.acting(origin.JOB, job.id), stopping.told_by(self.stopping):
                return Outcome(Result.SUCCEEDED, rows=job.function())
        except BaseException as error:
            self._require_leadership()  # otherwise it failed because the leader did, and the next one does it again
            logger.exception('Job "%s" failed', job.name)
            return Outcome(Result.FAILED, error=errors.report(error))
        finally:
            self._watchdog.end(job.id)

    def _require_leadership(self) -> None:
        if not self._leadership.is_held():
            raise NotLeader

    def _persistently(self, trouble: str, step: Callable[[], T], *, unless: threading.Event) -> T | None:
        """Do ``step`` until the database takes it; None when ``unless`` is set before."""
        for seconds in self._timers.retries():
            if unless.is_set():
                break
            try:
                return step()
            except (db.Error, StillRunning) as error:
                connections.close_all()
                self._require_leadership()
                logger.warning("%s yet: %s", trouble, outage.explain(error) or errors.headline(error))
            unless.wait(seconds)
        return None


def _end(run_id: int, work: Work, outcome: Outcome) -> None:
    now = datetime.now(UTC)
    try:
        ledger.end(run_id, work, outcome, now=now)
    except (db.DataError, db.IntegrityError) as error:
        logger.exception("How a run of %s ended cannot be stored", work.job_id)
        ledger.end(run_id, work, Outcome(Result.FAILED, error=errors.headline(error)), now=now)
