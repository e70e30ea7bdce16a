"""What a scheduler does while it leads: it runs the timetable, and everything that belongs to that."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from django import db
from django.db import connections

from utils.scheduler import ledger, tables
from utils.scheduler.executor import SlotExecutor
from utils.scheduler.heartbeat import Heartbeat
from utils.scheduler.housekeeping import Housekeeper
from utils.scheduler.jobs import Job
from utils.scheduler.leader import Leadership
from utils.scheduler.listening import RunListener
from utils.scheduler.loop import Plan
from utils.scheduler.planning import Planner
from utils.scheduler.runner import Runner
from utils.scheduler.ticking import OnTick, Ticker
from utils.scheduler.timers import Timers
from utils.scheduler.watchdog import Watchdog

logger = logging.getLogger(__name__)

LOOP, HOUSEKEEPING = "loop", "housekeeping"  # what the watchdog calls them
LAST_WORK = 3.0  # seconds in which the tables follow at the end


class Term:
    """From becoming the leader until the process ends."""

    def __init__(
        self,
        timetable: Sequence[Job],
        *,
        timers: Timers,
        leadership: Leadership,
        heartbeat: Heartbeat,
        watchdog: Watchdog,
        on_tick: OnTick | None,
        listeners: Sequence[RunListener],
    ) -> None:
        self._leadership = leadership
        self._heartbeat = heartbeat
        self._watchdog = watchdog
        self._runner = Runner(
            timetable,
            timers=timers,
            leadership=leadership,
            watchdog=watchdog,
            instance=heartbeat.name,
            on_change=self._note,
            listeners=listeners,
        )
        self._executor = SlotExecutor(self._runner.run, workers=len(timetable))
        self._plan = Plan(timers, self._loop_turned, self._executor)
        self._planner = Planner(timetable, self._plan, self._executor, leadership)
        self._housekeeper = Housekeeper(self._planner, self._executor, timers, lambda: watchdog.hear(HOUSEKEEPING))
        self._ticker = Ticker(on_tick, timers.tick) if on_tick else None

    def start(self) -> None:
        """Clear up after the leader before, plan, and begin.

        Raises:
            django.db.Error: the database does not do its part.
        """
        if ended := self._leadership.end_runs_before():
            logger.warning("Ended %d sessions in which the scheduler before still ran jobs", ended)
        now = datetime.now(UTC)
        if interrupted := ledger.interrupt(now=now):
            logger.warning("Closed %d runs that ended with their process", interrupted)
        tables.close_stale(ledger.CUT_OFF, now=now)
        self._planner.set_up()
        self._planner.show(anyway=True)
        connections.close_all()
        for part in (LOOP, HOUSEKEEPING):
            self._watchdog.hear(part)
        self._plan.begin()
        self._housekeeper.start()
        if self._ticker:
            self._ticker.start()

    def problem(self) -> str | None:
        """Why the process cannot go on."""
        return None if self._plan.is_alive() else "The scheduler's thread died"

    def has_lost(self) -> bool:
        """Whether a run found out that this process does not lead any more."""
        return self._runner.lost.is_set()

    def plan_anew(self) -> None:
        """The clock was set."""
        self._plan.look()
        self._housekeeper.reconcile()

    def begin_stop(self) -> None:
        """Begin no run any more."""
        self._runner.stopping.set()
        self._plan.hold()
        self._executor.close()
        if self._ticker:
            self._ticker.stop()

    def wait_until_idle(self, seconds: float) -> bool:
        """Wait for the runs in progress; False when they took longer."""
        return self._executor.wait_until_idle(seconds)

    def end(self) -> None:
        """Close the runs that are cut off, and let the tables say so."""
        if open_runs := self._runner.open_runs():
            self._close(open_runs)
        self._housekeeper.stop(LAST_WORK)

    def _close(self, runs: list[int]) -> None:
        try:
            ledger.interrupt(run_ids=runs, now=datetime.now(UTC))
        except db.Error:
            logger.exception("The next scheduler closes the runs that are cut off")
        for run_id in runs:
            self._housekeeper.note(run_id)

    def _note(self, run_id: int) -> None:
        self._housekeeper.note(run_id)

    def _loop_turned(self) -> None:
        self._watchdog.hear(LOOP)
        self._heartbeat.turned()
