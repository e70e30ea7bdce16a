"""Where APScheduler hands over what is due: one run at a time per job, and none is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job as PlannedJob

from utils.scheduler.ledger import Work


class SlotExecutor(BaseExecutor):
    """Runs each job in a thread of its own.

    A slot that falls due while its job runs waits for the end of that run, because the run may have
    looked before there was anything to do. Of several that wait, the last one stands for all.
    """

    def __init__(self, run: Callable[[Work], None], workers: int) -> None:
        super().__init__()
        self._run = run
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="job")
        self._changed = threading.Condition()
        self._running: set[str] = set()
        self._waiting: dict[str, datetime] = {}
        self._skipped: list[tuple[str, datetime]] = []
        self._closed = False

    def submit_job(self, job: PlannedJob, run_times: list[datetime]) -> None:
        """Run a job for the last of the slots that are due."""
        with self._changed:
            if self._closed:
                return
            if job.id not in self._running:
                self._do_submit_job(job, run_times)
                return
            if job.id in self._waiting:
                self._skipped.append((job.id, self._waiting[job.id]))
            self._waiting[job.id] = run_times[-1]

    def _do_submit_job(self, job: PlannedJob, run_times: list[datetime]) -> None:
        self._begin(Work(job.id, run_times[-1]))

    def ask(self, work: Work) -> bool:
        """Run a job outside its rhythm; False while it runs already."""
        with self._changed:
            if self._closed or work.job_id in self._running:
                return False
            self._begin(work)
            return True

    def forget(self, job_id: str) -> None:
        """Begin no slot that waits for the end of a run."""
        with self._changed:
            self._waiting.pop(job_id, None)

    def close(self) -> None:
        """Begin nothing more."""
        with self._changed:
            self._closed = True
            self._waiting.clear()

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait for the runs in progress; False when they took longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._running, timeout=seconds)

    def take_skipped(self) -> list[tuple[str, datetime]]:
        """The slots, since the last call, for which a later one stood."""
        with self._changed:
            skipped, self._skipped = self._skipped, []
            return skipped

    def _begin(self, work: Work) -> None:
        self._running.add(work.job_id)
        self._pool.submit(self._work, work)

    def _work(self, work: Work) -> None:
        try:
            self._run(work)
        finally:
            with self._changed:
                if slot := self._waiting.pop(work.job_id, None):
                    self._begin(Work(work.job_id, slot))
                else:
                    self._running.discard(work.job_id)
                    self._changed.notify_all()
