"""Who breaks things at random: one monkey at the processes, one at the database, each one thing after the other."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import psutil
import psycopg2

from tests.chaos.stage import Kept, Stage
from tests.database_places import connect

PAUSE = (1.0, 9.0)  # seconds between two faults
JOB_TABLES = "django_apscheduler_djangojob", "django_apscheduler_djangojobexecution"


class Monkey(threading.Thread):
    """Does one of its ``faults`` after the other, until it is told to stop; then everything goes on again."""

    def __init__(self, stage: Stage, rng: random.Random) -> None:
        super().__init__(daemon=True)
        self._stage, self._timeline, self._rng = stage, stage.timeline, rng
        self._stopping = threading.Event()
        self.error: BaseException | None = None

    def faults(self) -> dict[Callable[[], None], int]:
        """What it does, and how often."""
        raise NotImplementedError

    def stop(self) -> None:
        self._stopping.set()
        self.join()

    def run(self) -> None:
        try:
            while not self._stopping.wait(self._rng.uniform(*PAUSE)):
                fault = self._rng.choices(list(self.faults()), list(self.faults().values()))[0]
                fault()
        except BaseException as error:
            self.error = error
            raise

    def _last(self, least: float, most: float) -> None:
        """Let a fault last for some seconds."""
        self._stopping.wait(self._rng.uniform(least, most))


class ProcessMonkey(Monkey):
    def faults(self) -> dict[Callable[[], None], int]:
        return {self.kill_scheduler: 4, self.freeze_scheduler: 3, self.kill_web_worker: 3, self.freeze_web_worker: 2}

    def kill_scheduler(self) -> None:
        self._timeline.count("kill -9 of a scheduler")
        self._one_scheduler().process.kill()

    def freeze_scheduler(self) -> None:
        """Shorter or longer than the lease of its leadership."""
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._one_scheduler().process.pid)
            self._timeline.count("SIGSTOP of a scheduler")
            process.suspend()
            self._stopping.wait(0.2)  # until its last line has come, which may say that it leads
            if process.pid == self._timeline.leader:
                self._timeline.trouble()
            self._last(0.5, self._rng.choice([3, 45]))
            process.resume()

    def kill_web_worker(self) -> None:
        if workers := self._stage.web_workers():
            self._timeline.count("kill -9 of a web worker")
            with suppress(psutil.NoSuchProcess):
                self._rng.choice(workers).kill()

    def freeze_web_worker(self) -> None:
        if workers := self._stage.web_workers():
            self._timeline.count("SIGSTOP of a web worker")
            with suppress(psutil.NoSuchProcess):
                worker = self._rng.choice(workers)
                worker.suspend()
                self._last(0.5, 10)
                worker.resume()

    def _one_scheduler(self) -> Kept:
        return self._rng.choice(self._stage.schedulers)


class DatabaseMonkey(Monkey):
    def faults(self) -> dict[Callable[[], None], int]:
        return {
            self.restart_fast: 2,
            self.restart_immediately: 2,
            self.pause: 2,
            self.lock_job_tables: 3,
            self.delete_jobs: 3,
        }

    def restart_fast(self) -> None:
        self._restart("PostgreSQL restarted fast", signal.SIGINT)

    def restart_immediately(self) -> None:
        self._restart("PostgreSQL restarted immediately", signal.SIGQUIT)

    def _restart(self, name: str, how: signal.Signals) -> None:
        self._timeline.count(name)
        self._timeline.trouble()
        with self._stage.cluster.stopped(how):
            self._last(0, self._rng.choice([0, 10]))
        self._timeline.over()

    def pause(self) -> None:
        self._timeline.count("PostgreSQL paused")
        self._timeline.trouble()
        with self._stage.cluster.frozen():
            self._last(0.5, self._rng.choice([3, 20]))
        self._timeline.over()

    def lock_job_tables(self) -> None:
        """All rows, or whole tables, as a migration would; no slot may be lost by it."""
        rows = f"SELECT FROM {JOB_TABLES[0]} FOR UPDATE"
        tables = f"LOCK TABLE {', '.join(JOB_TABLES)} IN ACCESS EXCLUSIVE MODE"
        blocker = connect(self._stage.cluster.url)
        try:
            with blocker.cursor() as cursor, suppress(psycopg2.errors.DeadlockDetected):
                cursor.execute(self._rng.choice([rows, tables]))
                self._timeline.count("job tables locked")
                self._last(1, 10)
        finally:
            blocker.close()

    def delete_jobs(self) -> None:
        """One row or all of them; no slot may be lost by it."""
        which = self._rng.choice(["", " WHERE id = 'check_expired_subscriptions'"])
        deleter = connect(self._stage.cluster.url)
        try:
            with deleter, deleter.cursor() as cursor, suppress(psycopg2.errors.DeadlockDetected):
                cursor.execute(f"DELETE FROM {JOB_TABLES[1]}; DELETE FROM {JOB_TABLES[0]}{which}")
                self._timeline.count("rows of jobs deleted")
        finally:
            deleter.close()


def release(stage: Stage, seconds: float, seed: int) -> list[Monkey]:
    """Let both work for so many seconds; what they did stands in the timeline."""
    monkeys = [ProcessMonkey(stage, random.Random(f"processes {seed}"))]
    monkeys.append(DatabaseMonkey(stage, random.Random(f"database {seed}")))
    for monkey in monkeys:
        monkey.start()
    time.sleep(seconds)
    for monkey in monkeys:
        monkey.stop()
    return monkeys
