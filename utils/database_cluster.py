"""The data folder and the password of the embedded PostgreSQL: making and checking them."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from utils.database_binaries import MAJOR_VERSION, Account, DatabaseUnavailable
from utils.database_folder import own_folder

HOST = "127.0.0.1"
SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a socket's path is limited to 107 bytes, a checkout's is not
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] ",
    # One file for each day of the week, written over after a week.
    "logging_collector": "on",
    "log_directory": "../log",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
}


def prepare_data(home: Path, account: Account, programs: Path, lock: int) -> Path:
    """The data folder, made when missing and fit to be served; ``lock`` is the open start lock."""
    data = home / "data"
    if data.is_dir():
        _check(data, account)
        _forget_dead_server(data)
    else:
        _initialise(home, account, programs, lock)
    return data


def read_password(home: Path) -> str:
    path = home / "password"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        raise DatabaseUnavailable(
            f"{path} is missing. Write the password of the database user {SUPERUSER} into it, or stop the server "
            f"(make database-stop) and remove {home} to start with an empty database."
        ) from None


def _initialise(home: Path, account: Account, programs: Path, lock: int) -> None:
    """Make the data folder under another name first, so that a half-made one is never used."""
    draft = home / "data.draft"
    if draft.exists():
        shutil.rmtree(draft)
    (home / "port").unlink(missing_ok=True)
    own_folder(draft, account)
    password = secrets.token_urlsafe(24)
    _write_password(home, password)
    with _readable_once(password, account) as pipe:
        # initdb inherits the lock: should we be killed, nobody touches the draft before initdb has ended too.
        done = account.run(programs / "initdb", *_arguments(draft, pipe), hand_over=(pipe, lock))
    if done.returncode:
        reason = "\n".join(done.stderr.strip().splitlines()[-5:])
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL could not make its data folder in {home}. Remove the cause, or set DATABASE_URL "
            f"to a PostgreSQL of your own. initdb says:\n{reason}"
        )
    draft.rename(home / "data")
    _flush(home)


def _arguments(draft: Path, pipe: int) -> list[str]:
    return [
        f"--pgdata={draft}",
        f"--username={SUPERUSER}",
        f"--pwfile=/dev/fd/{pipe}",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        # The same order and case rules on every system, whatever locales it has.
        "--locale=C",
        "--locale-provider=builtin",
        "--builtin-locale=C.UTF-8",
        "--no-instructions",
        *(f"--set={name}={value}" for name, value in SETTINGS.items()),
    ]


def _write_password(home: Path, password: str) -> None:
    path = home / "password"
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{password}\n")


@contextmanager
def _readable_once(text: str, account: Account) -> Iterator[int]:
    """A pipe that holds ``text`` for ``account``: unlike a file, it leaves no secret behind."""
    reader, writer = os.pipe()
    try:
        with os.fdopen(writer, "w") as file:
            file.write(text)
        if account.is_borrowed:
            os.fchown(reader, account.uid, account.gid)
        yield reader
    finally:
        os.close(reader)


def _flush(folder: Path) -> None:
    """Write a rename to the disk, as PostgreSQL does with its own."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _check(data: Path, account: Account) -> None:
    if not account.can_enter(data):
        raise DatabaseUnavailable(
            f"{account.name}, who has to run the PostgreSQL, cannot enter {data}. If a folder above it is closed to "
            f"others, open it; if the files belong to somebody else: chown -R {account.name} {data}"
        )
    marker = data / "PG_VERSION"
    version = marker.read_text().strip() if marker.exists() else "unknown"
    if version != str(MAJOR_VERSION):
        raise DatabaseUnavailable(
            f"{data} holds a database of PostgreSQL version {version}, but this program brings version {MAJOR_VERSION}."
            " Carry its data over with pg_dump (of the old version) and pg_restore, or move that folder away to start "
            "with an empty database, or set DATABASE_URL to a PostgreSQL of your own."
        )


def _forget_dead_server(data: Path) -> None:
    """Remove the file of a server that was killed, when its process number is another program's by now.

    PostgreSQL itself takes any living process of its own user for a server and would refuse to start.
    """
    path = data / "postmaster.pid"
    try:
        process = Path("/proc", path.read_text().split()[0])
        serves = (process / "cwd").samefile(data)
    except (FileNotFoundError, IndexError):
        serves = not Path("/proc/self").exists()
    except PermissionError:
        serves = True  # Not ours to look at: PostgreSQL decides.
    if not serves:
        path.unlink(missing_ok=True)
