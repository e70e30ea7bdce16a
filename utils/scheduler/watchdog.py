"""Ends the process when a part of it is stuck: the restart policy heals what no thread can."""

from __future__ import annotations

import faulthandler
import os
import sys
import threading
import time

from utils.scheduler.timers import Timers

EXIT_STUCK = 70


class Watchdog:
    """Each part tells regularly that it is well, and each run of a job when it begins and ends.

    The thread uses no database and no log: whatever hangs there must not hold it.
    """

    def __init__(self, timers: Timers) -> None:
        self._timers = timers
        self._heard: dict[str, float] = {}
        self._runs: dict[str, tuple[float, float]] = {}
        self._awake_since = time.monotonic()

    def start(self) -> None:
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def hear(self, part: str) -> None:
        """``part`` is well; from now on it is missed when it is silent."""
        self._heard[part] = time.monotonic()

    def forget(self, part: str) -> None:
        self._heard.pop(part, None)

    def begin(self, job_id: str, limit: float) -> None:
        """A run of a job begins, which may take ``limit`` seconds."""
        self._runs[job_id] = (time.monotonic(), limit)

    def end(self, job_id: str) -> None:
        self._runs.pop(job_id, None)

    def _watch(self) -> None:
        looked = time.monotonic()
        while True:
            time.sleep(self._timers.watch)
            now = time.monotonic()
            if (
                now - looked > self._timers.watch + self._timers.drift
            ):  # all of us were frozen: all get their time again
                self._awake_since = now
            looked = now
            if problem := self._problem(now):
                _end(problem)

    def _problem(self, now: float) -> str | None:
        for part, heard in list(self._heard.items()):
            silence = now - max(heard, self._awake_since)
            if silence > self._timers.silence:
                return f"the {part} is stuck, nothing was heard of it for {silence:.0f} s"
        for job_id, (began, limit) in list(self._runs.items()):
            if now - began > limit:
                return f"job {job_id} runs for longer than {limit:.0f} s"
        return None


def _end(problem: str) -> None:
    """A plain exit would wait for the thread that hangs."""
    line = f"CRITICAL: Watchdog: {problem}; this process ends so that it is started again\n"
    os.write(sys.stderr.fileno(), line.encode())
    faulthandler.dump_traceback(all_threads=True)
    os._exit(EXIT_STUCK)
