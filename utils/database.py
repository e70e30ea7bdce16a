"""The embedded PostgreSQL that serves when DATABASE_URL is not set.

Everything is in one folder (``var/postgres`` of the checkout): ``data``, ``log``, ``password``
and ``port``. The server listens on 127.0.0.1 only and outlives the program that started it::

    python -m utils.database start|stop|status|url [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import sys
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psycopg2

from utils.database_binaries import MAJOR_VERSION, Account, DatabaseUnavailable, server_account, usable_programs
from utils.database_cluster import HOST, SUPERUSER, prepare_data, read_password
from utils.database_folder import (
    SERVER_SECONDS,
    existing_home,
    explained,
    has_server,
    own_folder,
    poll,
    prepared_home,
    server_lock,
    start_lock,
)

__all__ = ["DatabaseUnavailable", "Server", "ensure_running", "running", "stop"]

DEFAULT_FOLDER = Path(__file__).resolve().parent.parent / "var" / "postgres"
NAME = "django_db"
# Below the ports that systems hand out to outgoing connections, one of which could take ours during a restart.
PORTS = range(20_000, 32_000)
START_ATTEMPTS = 3
LOG_LINES = 8
NOT_RUNNING = 3  # the exit code of pg_ctl and of init scripts for it


@dataclass(frozen=True)
class Server:
    """A running server; ``started`` tells whether this call started it."""

    url: str
    folder: Path
    port: int
    started: bool


class Postmaster(NamedTuple):
    """What a server that accepts connections wrote into ``postmaster.pid``."""

    pid: int
    port: int


def ensure_running(folder: Path) -> Server:
    """Start the server of ``folder`` or find it running; raises DatabaseUnavailable.

    To find it takes a few milliseconds and no new process.
    """
    server = running(folder)
    if server is not None:
        return server
    folder = folder.absolute()
    with explained(folder):
        account = server_account()
        home = prepared_home(folder, account)
        with start_lock(home) as lock:
            postmaster = _settled(home)
            port = postmaster.port if postmaster else _start(home, account, lock)
            _create_database(home, port)
            _publish(home, port)
    if postmaster is None:
        print(_announcement(folder, home, port), file=sys.stderr, flush=True)
    return _server(folder, home, port, started=postmaster is None)


def running(folder: Path) -> Server | None:
    """The server of ``folder`` when it is ready for use, else None. Starts nothing."""
    folder = folder.absolute()
    with explained(folder):
        home = existing_home(folder)
        postmaster = _postmaster(home) if home else None
        if home is None or postmaster is None or postmaster.port != _published_port(home):
            return None
        return _server(folder, home, postmaster.port, started=False)


def stop(folder: Path) -> bool:
    """Disconnect everybody and shut the server down; False when none was running."""
    with explained(folder):
        home = existing_home(folder.absolute())
        if home is None:
            return False
        with start_lock(home):
            postmaster = _settled(home)
            if postmaster is None:
                return False
            os.kill(postmaster.pid, signal.SIGINT)  # PostgreSQL's "fast shutdown"
            if not poll(lambda: not has_server(home), until=time.monotonic() + SERVER_SECONDS):
                raise DatabaseUnavailable(
                    f"The PostgreSQL in {home} (process {postmaster.pid}) has not stopped in {SERVER_SECONDS} seconds. "
                    f"Look into {home / 'log'} for the reason and try again."
                )
    return True


def _server(folder: Path, home: Path, port: int, *, started: bool) -> Server:
    url = f"postgres://{SUPERUSER}:{quote(read_password(home), safe='')}@{HOST}:{port}/{NAME}"
    return Server(url=url, folder=folder, port=port, started=started)


def _announcement(folder: Path, home: Path, port: int) -> str:
    place = f"{folder}"
    if home != folder.resolve() or folder.is_symlink():
        place = f"{folder} -> {home}"
    return f"Embedded PostgreSQL {MAJOR_VERSION} runs in {place} on {HOST}:{port}. Stop it with: make database-stop"


def _postmaster(home: Path) -> Postmaster | None:
    """The server when it is alive, ready and reachable."""
    if not has_server(home):
        return None
    try:
        # The lines are: process, data folder, time of start, port, socket folder, address, shared memory, status.
        lines = (home / "data" / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return None
    if len(lines) < 8 or lines[7].strip() != "ready":
        return None
    postmaster = Postmaster(pid=int(lines[0]), port=int(lines[3]))
    return postmaster if _answers(postmaster.port) else None


def _answers(port: int) -> bool:
    try:
        socket.create_connection((HOST, port), timeout=2).close()
    except OSError:
        return False
    return True


def _settled(home: Path) -> Postmaster | None:
    """The server, once it is neither on its way up nor down; None when there is none."""
    found: Postmaster | None = None

    def is_settled() -> bool:
        nonlocal found
        found = _postmaster(home)
        return found is not None or not has_server(home)

    if poll(is_settled, until=time.monotonic() + SERVER_SECONDS):
        return found
    raise DatabaseUnavailable(
        f"A PostgreSQL works in {home} but accepts no connection on {HOST}. If it is recovering from a crash (see "
        f"{home / 'log'}), wait and try again; if it runs in a container that shares this folder, stop it there."
    )


def _start(home: Path, account: Account, lock: int) -> int:
    """Start a server where none lives and return its port; ``lock`` is the open start lock."""
    programs = usable_programs(account, home)
    data = prepare_data(home, account, programs, lock)
    log = own_folder(home / "log", account) / "start.log"
    for port in islice(_free_ports(home), START_ATTEMPTS):
        log.unlink(missing_ok=True)
        with server_lock(home) as inherited:
            options = [f"--pgdata={data}", f"--log={log}", f"--options=-p {port}", f"--timeout={SERVER_SECONDS}"]
            done = account.run(programs / "pg_ctl", "start", "--wait", *options, hand_over=(inherited,))
        if done.returncode == 0:
            return port
        if _is_free(port):
            break  # It was not the port: another one would not help.
    raise DatabaseUnavailable(
        f"The embedded PostgreSQL in {home} did not start. Remove the cause, or set DATABASE_URL to a PostgreSQL of "
        f"your own. The last lines of its log ({log.parent}):\n{_last_lines(log)}"
    )


def _last_lines(log: Path) -> str:
    """The end of what the server wrote, at its start and after it went over to its log of the day."""
    started = log.stat().st_mtime if log.exists() else 0.0
    files = [file for file in log.parent.glob("*.log") if file.stat().st_mtime >= started]
    lines: list[str] = []
    for file in sorted(files, key=lambda file: file.stat().st_mtime):
        lines += file.read_text(errors="replace").splitlines()[-LOG_LINES:]
    return "\n".join(lines)


def _free_ports(home: Path) -> Iterator[int]:
    """The last port first, so that addresses stay the same; then from one that differs for each checkout."""
    published = _published_port(home)
    first = zlib.crc32(os.fsencode(home)) % len(PORTS)
    candidates = [*PORTS[first:], *PORTS[:first]]
    return filter(_is_free, candidates if published is None else [published, *candidates])


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As PostgreSQL does it: connections of the server before, not yet forgotten, are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def _published_port(home: Path) -> int | None:
    """The port of the server that is or was last ready for use, its database included."""
    try:
        return int((home / "port").read_text())
    except (FileNotFoundError, ValueError):
        return None


def _publish(home: Path, port: int) -> None:
    if port != _published_port(home):
        (home / "port").write_text(f"{port}\n")


def _create_database(home: Path, port: int) -> None:
    """Create the application's database when it is missing."""
    login = {"host": HOST, "port": port, "user": SUPERUSER, "password": read_password(home)}
    try:
        connection = psycopg2.connect(**login, dbname="postgres", connect_timeout=10)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT FROM pg_database WHERE datname = %s", [NAME])
                if not cursor.rowcount:
                    cursor.execute(f"CREATE DATABASE {NAME}")
        finally:
            connection.close()
    except psycopg2.Error as error:
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL runs on {HOST}:{port} but refuses its work. If it is about the password, write "
            f"that of {SUPERUSER} into {home / 'password'}; its log is in {home / 'log'}. It says: {str(error).strip()}"
        ) from error


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m utils.database", description="The embedded PostgreSQL.")
    parser.add_argument("action", choices=["start", "stop", "status", "url"])
    parser.add_argument("--folder", type=Path, default=DEFAULT_FOLDER, help="where it keeps its files (%(default)s)")
    options = parser.parse_args(arguments)
    try:
        return _perform(options.action, options.folder)
    except DatabaseUnavailable as error:
        print(error, file=sys.stderr)
        return 1


def _perform(action: str, folder: Path) -> int:
    if action == "stop":
        print("Embedded PostgreSQL stopped." if stop(folder) else "Embedded PostgreSQL was not running.")
        return 0
    server = ensure_running(folder) if action == "start" else running(folder)
    if server is None:
        print(f"Embedded PostgreSQL does not run in {folder}. Start it with: make database-start", file=sys.stderr)
        return NOT_RUNNING
    if action == "url":
        print(server.url)
    elif not server.started:
        print(_announcement(server.folder, server.folder.resolve(), server.port))
    return 0


if __name__ == "__main__":
    sys.exit(main())
