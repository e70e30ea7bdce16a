"""A PostgreSQL of a test's own, which may be stopped, crashed, frozen and started again while others use it."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from pathlib import Path

import psutil

from tests.database_places import ROOT, connect, postmaster_pid
from utils.database import ensure_running, stop
from utils.database_folder import has_server, poll

SECONDS = 60  # a stop or a start may take so long on a busy machine


class Cluster:
    """The server of a folder, with a migrated database that others are copied from."""

    def __init__(self, place: Path) -> None:
        self.folder = place / "postgres"
        self.url = ""

    def start(self) -> None:
        """Start it, at the same address as before."""
        with redirect_stderr(io.StringIO()):  # it says each time where it runs
            self.url = ensure_running(self.folder).url

    def prepare(self) -> None:
        """Bring the database of ``url`` to the newest tables."""
        self._execute("ALTER SYSTEM SET fsync = off")  # only processes die: the kernel keeps what they wrote
        self._execute("SELECT pg_reload_conf()")
        command = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
        environment = {"PATH": os.environ["PATH"], "DATABASE_URL": self.url, "DEMO": "1"}
        subprocess.run(command, cwd=ROOT, env=environment, check=True)

    def copy(self, name: str) -> str:
        """The address of a new database with the same tables and rows."""
        self._execute(f"CREATE DATABASE {name} TEMPLATE django_db")
        return self.url.replace("/django_db", f"/{name}")

    def _execute(self, statement: str) -> None:
        connection = connect(self.url.replace("/django_db", "/postgres"))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop it: SIGINT is PostgreSQL's fast shutdown, SIGQUIT the immediate one, after which it recovers."""
        os.kill(postmaster_pid(self.folder), how)
        assert poll(lambda: not has_server(self.folder.resolve()), until=time.monotonic() + SECONDS)

    def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        self.stop(how)
        self.start()

    @contextmanager
    def stopped(self, how: signal.Signals = signal.SIGINT) -> Iterator[None]:
        self.stop(how)
        try:
            yield
        finally:
            self.start()

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """All its processes stand still: the kernel still takes connections and data, but nobody answers."""
        self.freeze()
        try:
            yield
        finally:
            self.thaw()

    def freeze(self) -> None:
        server = psutil.Process(postmaster_pid(self.folder))
        server.suspend()  # first, so that it starts no process meanwhile
        for process in server.children():
            process.suspend()

    def thaw(self) -> None:
        server = psutil.Process(postmaster_pid(self.folder))
        for process in [*server.children(), server]:
            process.resume()

    def end(self) -> None:
        if has_server(self.folder.resolve()):
            self.thaw()
            stop(self.folder)
