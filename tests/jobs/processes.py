"""Real scheduler processes on the test database, and the slots that make them run at once."""

from __future__ import annotations

import os
import queue
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGTERM
from urllib.parse import quote

from apscheduler.job import Job as StoredJob
from apscheduler.schedulers.background import BackgroundScheduler
from django.conf import settings
from django.db import connection
from django_apscheduler.jobstores import DjangoJobStore

from tests.jobs.notes import LONG, until
from utils.background_tasks import TIMETABLE
from utils.models import JobRun
from utils.scheduler.jobs import ENTRY

ROOT = Path(__file__).resolve().parents[2]
CHECK = TIMETABLE[0]


def database_url(name: str = "") -> str:
    values = connection.settings_dict
    password = quote(values["PASSWORD"], safe="")
    return f"postgres://{values['USER']}:{password}@{values['HOST']}:{values['PORT']}/{name or values['NAME']}"


def leave_slot(next_run_time: datetime, job=CHECK) -> None:
    """Store the job as a scheduler would leave it that stopped before ``next_run_time``."""
    scheduler = BackgroundScheduler(timezone=settings.TIME_ZONE)
    DjangoJobStore().add_job(
        StoredJob(
            scheduler,
            id=job.id,
            name=job.name,
            func=ENTRY,
            args=[job.id],
            kwargs={},
            trigger=job.trigger(),
            executor="default",
            next_run_time=next_run_time,
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
    )


def leave_cut_off_run(job_id: str, slot: datetime | None = None) -> None:
    """Leave the ledger as a scheduler does that is killed in the middle of a run: the next one runs the job at once."""
    slot = slot or minutes_ago(0)
    JobRun.objects.create(job_id=job_id, slot=slot, started_at=slot, instance="killed")


class Hourly:
    """A rhythm of which no slot comes while a test runs: the last was half an hour ago, whatever the clock says."""

    def __init__(self) -> None:
        self._last = minutes_ago(30)
        self.cron = f"{self._last.minute} * * * *"
        self.next = self._last + timedelta(hours=1)

    def last(self, hours: int = 0) -> datetime:
        """The slot before the next one, or so many hours earlier."""
        return self._last - timedelta(hours=hours)


def minutes_ago(minutes: int) -> datetime:
    return datetime.now(UTC).replace(second=0, microsecond=0) - timedelta(minutes=minutes)


class Process:
    """A program whose output is read as it comes."""

    def __init__(self, *command: str, **environment: str) -> None:
        without_buffering_hint = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
        self._process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env={**without_buffering_hint, "DATABASE_URL": database_url(), "DEMO": "1", **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._said: list[str] = []
        self._arriving: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        for line in self._process.stdout:
            self._said.append(line.rstrip("\n"))
            self._arriving.put(self._said[-1])
        self._arriving.put(None)

    @property
    def output(self) -> str:
        """All that came until now, whether or not it was waited for."""
        return "\n".join(self._said)

    def wait_for(self, pattern: str, seconds: float = LONG) -> str:
        """The first line from now on that matches; fails with the whole output when none comes."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._arriving.get(timeout=max(deadline - time.monotonic(), 0))
            except queue.Empty:
                raise AssertionError(f"no line matches {pattern!r} within {seconds} s:\n{self.output}") from None
            if line is None:
                raise AssertionError(f"the process ended without a line that matches {pattern!r}:\n{self.output}")
            self.lines.append(line)
            if re.search(pattern, line):
                return line

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def processor_seconds(self) -> float:
        """How long it has used a processor."""
        ticks = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")

    def signal(self, number: int) -> None:
        self._process.send_signal(number)

    def end(self, seconds: float = LONG) -> int:
        """Wait for the end, reading the rest of the output; the exit code."""
        code = self._process.wait(seconds)
        while (line := self._arriving.get(timeout=seconds)) is not None:
            self.lines.append(line)
        return code

    def stop(self, number: int = SIGTERM) -> float:
        """Ask it to end, which it has to do well; how many seconds that took."""
        asked = time.monotonic()
        self.signal(number)
        assert self.end() == 0, self.output
        return time.monotonic() - asked

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()


class Service:
    """A process under a restart policy: it is started again whenever it ends with an error."""

    def __init__(self, start: Callable[[], Process]) -> None:
        self._start = start
        self._stopping = threading.Event()
        self.processes = [start()]
        self.codes: list[int] = []
        self._thread = threading.Thread(target=self._keep_up, daemon=True)
        self._thread.start()

    def _keep_up(self) -> None:
        while True:
            self.codes.append(self.processes[-1].end(seconds=600))
            if self._stopping.is_set() or self.codes[-1] == 0:
                return
            self.processes.append(self._start())

    @property
    def output(self) -> str:
        return "\n".join(process.output for process in self.processes)

    def stop(self) -> None:
        self._stopping.set()
        while self._thread.is_alive():
            self.processes[-1].kill()
            self._thread.join(timeout=0.1)


_END_OTHERS = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
        AND state <> 'idle'
"""


def end_what_they_left() -> None:
    """End the statements of processes that were killed: PostgreSQL works on, and would write into the next test."""

    def is_over() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(_END_OTHERS)
            return cursor.fetchone()[0] == 0

    until(is_over, what="the end of what killed processes had begun")


def count_in(processes: list[Process], text: str) -> int:
    return sum(line == text for process in processes for line in process.lines)
