"""The regular work of the leader beside the loop: requests of staff, the plan, the tables that operators look at."""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django import db
from django.conf import settings
from django.db import connections

from utils.scheduler import errors, history, requests, tables
from utils.scheduler.executor import SlotExecutor
from utils.scheduler.loop import FAILURES_BEFORE_SILENCE
from utils.scheduler.planning import Planner
from utils.scheduler.timers import Timers

logger = logging.getLogger(__name__)


class Housekeeper:
    """A thread with a session of its own; when it fails, it goes on after a while."""

    def __init__(self, planner: Planner, executor: SlotExecutor, timers: Timers, on_turn: Callable[[], None]) -> None:
        self._planner = planner
        self._executor = executor
        self._timers = timers
        self._on_turn = on_turn
        self._woken = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)
        self._reconcile_at = 0.0
        self._noted: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._runs: set[int] = set()
        self._skips: list[tuple[str, datetime]] = []

    def start(self) -> None:
        self._thread.start()

    def note(self, run_id: int) -> None:
        """A run began or ended: operators are to see it."""
        self._noted.put(run_id)
        self._woken.set()

    def reconcile(self) -> None:
        """Compare timetable and plan at once."""
        self._reconcile_at = 0.0
        self._woken.set()

    def stop(self, seconds: float) -> None:
        """Show what is left to show, and end."""
        self._stopping.set()
        self._woken.set()
        self._thread.join(seconds)

    def _run(self) -> None:
        self._prune()
        failures, retries = 0, self._timers.retries()
        while not self._stopping.is_set():
            try:
                self._turn()
                failures, retries, wait = 0, self._timers.retries(), self._timers.requests
            except Exception:
                logger.exception("The regular work of the scheduler failed and goes on")
                connections.close_all()
                failures, wait = failures + 1, next(retries)
            if failures < FAILURES_BEFORE_SILENCE:
                self._on_turn()
            self._woken.wait(wait)
        self._show()
        connections.close_all()

    def _turn(self) -> None:
        is_woken = self._woken.is_set()
        self._woken.clear()
        if is_due := time.monotonic() >= self._reconcile_at:
            self._reconcile_at = time.monotonic() + self._timers.reconcile
            self._planner.reconcile()
        requests.carry_out(self._planner, datetime.now(UTC))
        if is_due or is_woken:
            self._show()

    def _show(self) -> None:
        """Let the tables follow; what they do not take now comes with the next turn that shows something."""
        while not self._noted.empty():
            self._runs.add(self._noted.get())
        self._skips += self._executor.take_skipped()
        if self._planner.show() and tables.follow_runs(self._runs, self._skips):
            self._runs.clear()
            self._skips.clear()

    def _prune(self) -> None:
        """Delete what is old, should the job that does it have been missed; what takes too long is left to that job."""
        before = datetime.now(UTC) - timedelta(days=settings.JOB_HISTORY_DAYS)
        try:
            history.delete_old(self._planner.known, before=before)
        except db.Error as error:
            logger.warning("Old records of runs cannot be deleted now: %s", errors.headline(error))
