"""The scheduler process: wait for the database, become the leader, run, stop cleanly."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg2
from django.conf import settings
from django.db import connections

from utils import outage
from utils.scheduler.jobs import Job
from utils.scheduler.leader import Leadership
from utils.scheduler.listening import RunListener
from utils.scheduler.runner import Runner
from utils.scheduler.ticking import OnTick, Ticker
from utils.scheduler.timers import Timers

logger = logging.getLogger(__name__)

EXIT_OK, EXIT_UNUSABLE, EXIT_DIED, EXIT_NOT_LEADER = 0, 1, 70, 75
PRODUCTION = Timers()


class Supervisor:
    """Runs a timetable in the only process that acts on it.

    The leader calls ``on_tick`` regularly with the present instant, in a thread of its own, and tells ``listeners``
    of every run.
    """

    def __init__(
        self,
        timetable: Sequence[Job],
        timers: Timers = PRODUCTION,
        on_tick: OnTick | None = None,
        listeners: Sequence[RunListener] = (),
    ) -> None:
        self._timetable = timetable
        self._timers = timers
        self._listeners = listeners
        self._ticker = Ticker(on_tick, timers.tick) if on_tick else None
        self._leadership = Leadership(timers.lease)
        self._stop = threading.Event()

    def run(self) -> int:
        """Block until SIGTERM or SIGINT, or until this process must not act any more.

        Returns:
            The exit code: 0 after a clean stop, 1 when the heartbeat cannot be written, 70 when the scheduler's
            thread died, 75 when another process became the leader. A restart policy starts the process again.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        logger.info("Starting APScheduler as standalone service")
        try:
            self._beat()
        except OSError as error:
            logger.critical("The heartbeat cannot be written (%s): name another SCHEDULER_HEARTBEAT_FILE", error)
            return EXIT_UNUSABLE
        if not (self._wait_for_database() and self._wait_for_leadership()):
            return EXIT_OK
        runner = Runner(self._timetable, self._leadership, self._listeners)
        runner.start()
        if self._ticker:
            self._ticker.start()
        return self._stop_cleanly(runner) if (code := self._watch(runner)) == EXIT_OK else code

    def _wait_for_database(self) -> bool:
        """Wait until the database answers and is migrated; False when told to stop."""
        retry = self._timers.first_retry
        while problem := outage.current():
            connections.close_all()
            self._beat()
            logger.warning("Waiting: %s", problem)
            if self._stop.wait(retry):
                return False
            retry = min(retry * 2, self._timers.last_retry)
        connections.close_all()
        return True

    def _wait_for_leadership(self) -> bool:
        """Wait until no other scheduler leads; False when told to stop."""
        told = False
        while not self._stop.is_set():
            try:
                if self._leadership.acquire():
                    return True
                if not told:
                    logger.info("Standing by: another scheduler is the leader")
                    told = True
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                logger.warning("Waiting: %s", outage.explain(error))
            self._beat()
            self._stop.wait(self._timers.ping)
        return False

    def _watch(self, runner: Runner) -> int:
        next_ping = 0.0
        while not self._stop.wait(self._timers.look):
            if not runner.is_alive():
                logger.critical("The scheduler's thread died; this process ends so that it is started again")
                return EXIT_DIED
            if time.monotonic() >= next_ping:
                if not self._leadership.is_held():
                    logger.critical("The leadership is lost; this process ends so that only one scheduler acts")
                    return EXIT_NOT_LEADER
                self._beat()
                next_ping = time.monotonic() + self._timers.ping
        return EXIT_OK

    def _stop_cleanly(self, runner: Runner) -> int:
        if self._ticker:
            self._ticker.stop()
        done = runner.stop(settings.SCHEDULER_STOP_SECONDS)
        if not done:
            logger.error("A job still ran after %d s and is cut off", settings.SCHEDULER_STOP_SECONDS)
        self._leadership.release()
        logger.info("Scheduler stopped")
        return EXIT_OK

    def _beat(self) -> None:
        """Touch the file that the container's health check looks at."""
        path: Path = settings.SCHEDULER_HEARTBEAT_FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def exit_now(code: int) -> None:
    """End the process without waiting for threads: a hung job would hold a normal exit forever."""
    logging.shutdown()
    os._exit(code)
