"""The demo's data folder: one demo at a time uses it, and only what a demo made is ever removed.

``python -m scripts.demo_data`` stops the demo and removes its data (make demo-reset).
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from scripts.steps import Failed
from utils.database import DatabaseUnavailable, stop
from utils.database_folder import poll

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "var" / "postgres"
MARK = DATA / "made-by-demo"
LOCK = ROOT / "var" / "demo.lock"  # held while a demo runs; holds its process number
STOP_SECONDS = 60


def uses_database_of_its_own() -> bool:
    """Whether the demo works in the embedded PostgreSQL, not in one that DATABASE_URL names."""
    return not (os.environ.get("DATABASE_URL") or os.environ.get("DATABASE_URL_FILE"))


def mark_as_demo() -> None:
    """Note that the embedded database holds nothing but demo data."""
    if uses_database_of_its_own():
        MARK.touch()


@contextmanager
def only_one_demo() -> Iterator[None]:
    """Hold the lock; raises Failed when another demo of this checkout runs."""
    with _opened() as file:
        if not _taken(file):
            raise Failed("The demo of this folder runs already. Stop it with Ctrl-C in its terminal.")
        file.truncate(0)
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def reset() -> None:
    """Stop a running demo and remove its data; raises Failed when they are not the demo's."""
    if not uses_database_of_its_own():
        raise Failed("DATABASE_URL is set: that database is yours. Empty it yourself, then run: make demo")
    with _opened() as file:
        _end_running(file)
        if DATA.exists() and not MARK.exists():
            raise Failed(
                f"{DATA} was not made by the demo and may hold real data: it is left alone. "
                f"To remove it nevertheless: make database-stop && rm -r {DATA.resolve()}"
            )
        stop(DATA)
        if DATA.exists():
            shutil.rmtree(DATA.resolve())
        DATA.unlink(missing_ok=True)  # the link that stands for a folder elsewhere


def _end_running(file: IO[str]) -> None:
    if _taken(file):
        return
    number = file.read().strip()
    if not number:
        raise Failed("The demo of this folder is just starting. Try again in some seconds.")
    print(f"Stopping the demo that runs (process {number}) …", flush=True)
    os.kill(int(number), signal.SIGTERM)
    if not poll(lambda: _taken(file), until=time.monotonic() + STOP_SECONDS):
        raise Failed(f"The demo (process {number}) has not ended in {STOP_SECONDS} seconds. End it and try again.")


@contextmanager
def _opened() -> Iterator[IO[str]]:
    LOCK.parent.mkdir(exist_ok=True)
    with LOCK.open("a+") as file:
        file.seek(0)
        yield file


def _taken(file: IO[str]) -> bool:
    """Take the lock; unlike that of flock(), it belongs to this very process and not to its children too."""
    try:
        fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def main() -> int:
    try:
        reset()
    except (Failed, DatabaseUnavailable) as error:
        print(error, file=sys.stderr)
        return 1
    print("The demo data are removed.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
