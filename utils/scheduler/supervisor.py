"""The scheduler process: wait for the database, become the leader, run, stop cleanly."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence

import psycopg2
from django import db
from django.conf import settings
from django.db import connections

from utils import outage
from utils.scheduler import sessions
from utils.scheduler.drift import Drift
from utils.scheduler.heartbeat import Heartbeat, Role
from utils.scheduler.jobs import Job
from utils.scheduler.leader import Leadership
from utils.scheduler.listening import RunListener
from utils.scheduler.term import Term
from utils.scheduler.ticking import OnTick
from utils.scheduler.timers import Timers
from utils.scheduler.watchdog import EXIT_STUCK, Watchdog

logger = logging.getLogger(__name__)

EXIT_OK, EXIT_UNUSABLE, EXIT_NOT_LEADER = 0, 1, 75
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
        self._timers = timers
        self._stop = threading.Event()
        self._watchdog = Watchdog(timers)
        self._leadership = Leadership(timers.lease)
        self._heartbeat = Heartbeat(self._leadership)
        self._term = Term(
            timetable,
            timers=timers,
            leadership=self._leadership,
            heartbeat=self._heartbeat,
            watchdog=self._watchdog,
            on_tick=on_tick,
            listeners=listeners,
        )

    def run(self) -> int:
        """Block until SIGTERM or SIGINT, or until this process must not act any more.

        Returns:
            The exit code: 0 after a clean stop, 1 when the heartbeat cannot be written, 70 when a part of the
            process died, 75 when another process became the leader. A restart policy starts the process again.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        logger.info("Starting APScheduler as standalone service")
        sessions.prepare()
        self._hear()
        self._watchdog.start()
        try:
            self._heartbeat.touch()
        except OSError as error:
            logger.critical("The heartbeat cannot be written (%s): name another SCHEDULER_HEARTBEAT_FILE", error)
            return EXIT_UNUSABLE
        if not (self._wait_for_database() and self._wait_for_leadership()):
            self._heartbeat.stop()
            return EXIT_OK
        return self._lead()

    def _hear(self) -> None:
        self._watchdog.hear("supervisor")

    def _wait_for_database(self) -> bool:
        """Wait until the database answers and is migrated; False when told to stop."""
        retries = self._timers.retries()
        while problem := outage.current():
            connections.close_all()
            self._hear()
            self._heartbeat.beat(Role.STANDBY)
            logger.warning("Waiting: %s", problem)
            if self._stop.wait(next(retries)):
                return False
        connections.close_all()
        return True

    def _wait_for_leadership(self) -> bool:
        """Wait until no other scheduler leads; False when told to stop."""
        told = False
        while not self._stop.is_set():
            self._hear()
            try:
                if self._leadership.acquire():
                    self._heartbeat.lead()
                    return True
                if not told:
                    logger.info("Standing by: another scheduler is the leader")
                    told = True
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                logger.warning("Waiting: %s", outage.explain(error))
            self._heartbeat.beat(Role.STANDBY)
            self._stop.wait(self._timers.ping)
        return False

    def _lead(self) -> int:
        try:
            self._term.start()
        except db.Error:
            logger.exception("The scheduler cannot begin, and ends so that it is started again")
            return EXIT_STUCK
        code = self._watch(until=lambda: self._stop.wait(self._timers.look))
        return self._stop_cleanly() if code == EXIT_OK else code

    def _watch(self, until: Callable[[], bool]) -> int:
        """Keep the lease and look whether all is well, ``until`` says that it is enough."""
        next_ping, drift = 0.0, Drift(self._timers.drift)
        while not until():
            self._hear()
            if problem := self._term.problem():
                logger.critical("%s; this process ends so that it is started again", problem)
                return EXIT_STUCK
            if jump := drift.jump():
                logger.warning("The clock was set by %+.0f s; the timetable is planned anew", jump)
                self._term.plan_anew()
            is_ping_due = time.monotonic() >= next_ping
            if self._term.has_lost() or (is_ping_due and not self._leadership.is_held()):
                logger.critical("The leadership is lost; this process ends so that only one scheduler acts")
                return EXIT_NOT_LEADER
            if is_ping_due:
                self._heartbeat.beat(Role.LEADER)
                next_ping = time.monotonic() + self._timers.ping
        return EXIT_OK

    def _stop_cleanly(self) -> int:
        self._term.begin_stop()
        deadline = time.monotonic() + settings.SCHEDULER_STOP_SECONDS

        def is_over() -> bool:
            return self._term.wait_until_idle(self._timers.look) or time.monotonic() >= deadline

        if code := self._watch(until=is_over):
            return code
        if not self._term.wait_until_idle(0):
            logger.error("A job still ran after %d s and is cut off", settings.SCHEDULER_STOP_SECONDS)
        self._term.end()
        self._heartbeat.stop()
        self._leadership.release()
        logger.info("Scheduler stopped")
        return EXIT_OK


def exit_now(code: int) -> None:
    """End the process without waiting for threads: a hung job would hold a normal exit forever."""
    logging.shutdown()
    os._exit(code)
