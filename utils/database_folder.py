"""The folder of the embedded PostgreSQL: where it is, whose it is, and its two locks.

``start.lock`` is held by whoever starts or stops the server. ``server.lock`` is inherited by
the server and all its processes, so it is free exactly when none of them lives any more:
a process id in a file can't tell that, because numbers are used again.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from utils.database_binaries import Account, DatabaseUnavailable, user_name

# Homes for checkouts which the server's account cannot reach, such as those below /root.
UNREACHABLE_HOMES = Path("/var/lib/isp-billing")
POLL_SECONDS = 0.02
SERVER_SECONDS = 60  # what a start may take, recovery from a crash included
LOCK_SECONDS = 180  # the longest honest start: initdb on a slow disk and then the server


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Turn the errors of the file system into a message that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            what = f"{user_name(os.geteuid())} may not write there"
            advice = "Give this user write access to it"
        elif error.errno in (errno.ENOSPC, errno.EDQUOT):
            what, advice = "the disk is full", "Free some space"
        elif error.errno in (errno.EEXIST, errno.ENOTDIR):
            what, advice = "something else is in its place", "Move that away"
        else:
            what, advice = "the system reported an error", "Remove the cause"
        raise DatabaseUnavailable(
            f"The embedded PostgreSQL cannot use its folder {folder}: {what} ({error}). "
            f"{advice}, or set DATABASE_URL to a PostgreSQL of your own."
        ) from error


def existing_home(folder: Path) -> Path | None:
    """Where the files of ``folder`` really are; None when there are none yet."""
    home = folder.resolve()
    if folder.is_symlink() and home.parent == UNREACHABLE_HOMES and home != _home_of_unreachable(folder):
        raise DatabaseUnavailable(
            f"{folder} leads to {home}, the database of another checkout: was this one copied or moved? "
            f"Start with an empty database by: rm {folder} - or take the other's over, once it is stopped, by: "
            f"mv {home} {_home_of_unreachable(folder)} && rm {folder}"
        )
    if not home.is_dir():
        return None
    _check_owner(home)
    return home


def prepared_home(folder: Path, account: Account) -> Path:
    """Create what is missing; every process that comes here at the same time decides the same."""
    home = existing_home(folder)
    if home is None:
        folder.parent.mkdir(parents=True, exist_ok=True)
        if account.is_borrowed and not account.can_enter(folder.parent):
            UNREACHABLE_HOMES.mkdir(parents=True, exist_ok=True)
            UNREACHABLE_HOMES.chmod(0o755)
            home = _home_of_unreachable(folder)
            _link(folder, home)
        else:
            home = folder.resolve()
        home.mkdir(parents=True, exist_ok=True)
        _check_owner(home)
    # The borrowed account only passes through; what is in here has its own modes.
    home.chmod(0o711 if account.is_borrowed else 0o700)
    return home


def own_folder(path: Path, account: Account) -> Path:
    """A folder inside the home that belongs to the server's account alone."""
    path.mkdir(mode=0o700, exist_ok=True)
    os.chown(path, account.uid, account.gid)
    return path


@contextmanager
def start_lock(home: Path) -> Iterator[int]:
    """Only one process at a time starts or stops the server; the others wait. Yields the open file."""
    deadline = time.monotonic() + LOCK_SECONDS
    while True:
        with _open_lock(home / "start.lock") as descriptor:
            if not poll(partial(_acquired, descriptor, fcntl.LOCK_EX), until=deadline):
                raise DatabaseUnavailable(
                    f"Another process has been starting or stopping the PostgreSQL in {home} for {LOCK_SECONDS} "
                    "seconds. Look for a hanging process of this checkout, end it and try again."
                )
            if _is_still_at(descriptor, home / "start.lock"):
                yield descriptor
                return


@contextmanager
def server_lock(home: Path) -> Iterator[int]:
    """Claim the folder for a new server once every process of the one before has ended. Yields the open file."""
    with _open_lock(home / "server.lock") as descriptor:
        deadline = time.monotonic() + SERVER_SECONDS
        if not poll(partial(_acquired, descriptor, fcntl.LOCK_EX), until=deadline):
            raise DatabaseUnavailable(
                f"Processes of a PostgreSQL that ended still use {home}. "
                "End them (ps -ef | grep postgres) and try again."
            )
        yield descriptor


def has_server(home: Path) -> bool:
    """True while any process of the server lives."""
    try:
        descriptor = os.open(home / "server.lock", os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        # A shared lock, so that two processes which ask at once don't take each other for the server.
        return not _acquired(descriptor, fcntl.LOCK_SH)
    finally:
        os.close(descriptor)


def poll(condition: Callable[[], bool], *, until: float) -> bool:
    """Wait for ``condition`` up to the moment ``until`` of ``time.monotonic()``; False when it did not come true."""
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _home_of_unreachable(folder: Path) -> Path:
    path = folder.parent.resolve() / folder.name
    return UNREACHABLE_HOMES / hashlib.sha256(os.fsencode(path)).hexdigest()[:16]


def _link(folder: Path, home: Path) -> None:
    try:
        folder.symlink_to(home)
    except FileExistsError:
        if folder.resolve() != home:
            raise


def _check_owner(home: Path) -> None:
    owner, user = home.stat().st_uid, os.geteuid()
    if owner != user:
        raise DatabaseUnavailable(
            f"The PostgreSQL in {home} belongs to {user_name(owner)}, but you are {user_name(user)}. "
            f"Run this as {user_name(owner)}; or stop it as {user_name(owner)} (make database-stop) and remove "
            f"that folder to start with an empty database; or set DATABASE_URL to a PostgreSQL of your own."
        )


@contextmanager
def _open_lock(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _acquired(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_still_at(descriptor: int, path: Path) -> bool:
    """False when the folder was removed and made anew while we waited for its lock."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False
