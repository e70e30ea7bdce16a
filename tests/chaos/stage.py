"""Where the chaos plays: a private PostgreSQL, two schedulers, three web workers, an office and a cashier."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.alarms.receivers import free_port
from tests.chaos.people import CASHIER, PASSWORD
from tests.chaos.timeline import Timeline
from tests.database_places import ROOT
from tests.faults.cluster import Cluster

STARTED = "Scheduler started successfully!"
RESTART_SECONDS = 0.5
LONGEST_END = 60.0  # seconds
MAKE_CASHIER = (
    f"from django.contrib.auth.models import User; User.objects.create_superuser({CASHIER!r}, password={PASSWORD!r})"
)


class Kept:
    """A process under a restart policy; what it says goes to a file, with the time, and to ``on_line``."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self._command, self._environment, self._log = command, environment, log
        self._stopping = threading.Event()
        self.name, self.last_line = log.stem, ""
        self.codes: Counter[int] = Counter()
        self.on_line: Callable[[int, str], None] = lambda pid, line: None
        self.on_end: Callable[[int], None] = lambda pid: None
        self._thread = threading.Thread(target=self._keep, daemon=True)

    def start(self) -> None:
        self._run()
        self._thread.start()

    def _run(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, *self._command], cwd=ROOT, env=self._environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def _keep(self) -> None:
        while True:
            self._read()
            self.codes[self.process.wait()] += 1
            self.on_end(self.process.pid)
            if self._stopping.wait(RESTART_SECONDS):
                return
            self._run()

    def _read(self) -> None:
        with self._log.open("a") as log:
            for line in self.process.stdout:
                log.write(f"{time.strftime('%H:%M:%S', time.gmtime())} {self.process.pid} {line}")
                log.flush()
                self.last_line = line.rstrip("\n")
                self.on_line(self.process.pid, self.last_line)

    def stop(self) -> int:
        """Ask it to end; its exit code, or -9 when it had to be killed."""
        self._stopping.set()
        process = self.process
        process.terminate()
        try:
            process.wait(LONGEST_END)
        except subprocess.TimeoutExpired:
            process.kill()
        self._thread.join()
        return process.returncode


class Stage:
    """Everything that runs; ``place`` holds the database, the logs and the record of runs."""

    def __init__(self, place: Path, seed: int) -> None:
        self.place, self.timeline = place, Timeline()
        self.record = place / "runs.jsonl"
        self.record.touch()
        self.cluster = Cluster(place)
        self.cluster.start()
        port = free_port()
        self._environment = {
            **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG")},
            "DATABASE_URL": self.cluster.url,
            "DEMO": "1",
            "DJANGO_SETTINGS_MODULE": "isp_billing.settings",
            "MAX_CUTS_PERCENT": "100",
            "RECORD": str(self.record),
            "STATIC_ROOT": str(place / "static"),
            "WEB_ADDRESS": f"http://127.0.0.1:{port}",
            "WEB_BIND": f"127.0.0.1:{port}",
            "WEB_CONCURRENCY": "3",
        }
        self.schedulers = [self._kept("-m", "tests.chaos.scheduler", name=f"scheduler-{n}") for n in (1, 2)]
        gunicorn = ("-m", "gunicorn", "--config", "gunicorn.conf.py", "isp_billing.wsgi:application")
        self.web = self._kept(*gunicorn, name="web")
        self.people = [self._kept("-m", "tests.chaos.people", role, str(seed), name=role) for role in ROLES]

    def _kept(self, *command: str, name: str) -> Kept:
        heartbeat = str(self.place / f"{name}.heartbeat")
        environment = {**self._environment, "SCHEDULER_HEARTBEAT_FILE": heartbeat}
        return Kept(list(command), environment, self.place / f"{name}.log")

    def start(self) -> None:
        """Make the tables, and let everything begin; returns when a scheduler leads."""
        self.cluster.prepare()
        self.manage("collectstatic", "--noinput", "--verbosity=0")
        self.manage("shell", "-c", MAKE_CASHIER)
        for scheduler in self.schedulers:
            scheduler.on_line = self._scheduler_said
            scheduler.on_end = self.timeline.ended
        for kept in (*self.schedulers, self.web, *self.people):
            kept.start()
        deadline = time.monotonic() + LONGEST_END
        while self.timeline.leader is None:
            assert time.monotonic() < deadline, "no scheduler led"
            time.sleep(0.1)

    def _scheduler_said(self, pid: int, line: str) -> None:
        if line == STARTED:
            self.timeline.leads(pid)

    def manage(self, *arguments: str) -> str:
        """What a command of manage.py says; raises CalledProcessError when it fails."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, text=True, check=True, stdout=subprocess.PIPE)
        return done.stdout

    def web_workers(self) -> list[psutil.Process]:
        return psutil.Process(self.web.process.pid).children()

    def end(self) -> None:
        for kept in (*self.people, self.web, *self.schedulers):
            if kept.process.poll() is None:
                kept.stop()
        self.cluster.end()


ROLES = ("office", "cashier")
