"""Wait until PostgreSQL answers at DATABASE_URL (or the file DATABASE_URL_FILE names).

One line is printed per failed try. A server that is starting or cannot be reached is tried again
for 60 seconds; a refused password or a missing database ends the wait at once, because time does
not heal these. Exit status 1, with what to do, when the database is not ready.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2

WAIT_SECONDS = 60.0
PAUSE_SECONDS = 2.0
CONNECT_SECONDS = 5
URL_FORM = "postgresql://USER:PASSWORD@HOST:5432/NAME"
HOPELESS = {
    "password authentication failed": (
        "The password in DATABASE_URL is not the one the database was created with. Correct DATABASE_URL, "
        "or give the database user that password with ALTER USER."
    ),
    "no password supplied": f"DATABASE_URL has no password. Write {URL_FORM}.",
    "does not exist": "Create the missing database or user, or correct its name in DATABASE_URL.",
}


class NotReady(Exception):
    """The database cannot be used; the text says why and what to do."""


def database_url() -> str:
    """The address from DATABASE_URL_FILE or else DATABASE_URL; raises NotReady when there is none."""
    file = os.environ.get("DATABASE_URL_FILE")
    try:
        url = Path(file).read_text(encoding="utf-8").strip() if file else os.environ.get("DATABASE_URL", "")
    except OSError as error:
        raise NotReady(f"The file named by DATABASE_URL_FILE cannot be read: {error}.") from error
    if not url:
        raise NotReady(f"No database is named. Set DATABASE_URL={URL_FORM}.")
    return url


def failure(url: str) -> str | None:
    """Why a connection to ``url`` fails, on one line, or None when it works."""
    try:
        psycopg2.connect(url, connect_timeout=CONNECT_SECONDS).close()
    except psycopg2.OperationalError as error:
        return " ".join(str(error).split())
    except psycopg2.ProgrammingError:
        # The driver's own text would show the whole address, password included.
        raise NotReady(f"DATABASE_URL cannot be read. Write {URL_FORM}.") from None
    return None


def wait(url: str, *, seconds: float) -> None:
    """Return once ``url`` can be connected to; raise NotReady when that is hopeless or takes too long."""
    place = f"{urlsplit(url).hostname}:{urlsplit(url).port or 5432}"
    deadline = time.monotonic() + seconds
    while reason := failure(url):
        for sign, advice in HOPELESS.items():
            if sign in reason:
                raise NotReady(f"{reason}. {advice}")
        if time.monotonic() > deadline:
            raise NotReady(
                f"The database at {place} did not answer within {seconds:g} s. "
                "Check that it runs and that DATABASE_URL names the right host and port."
            )
        print(f"Waiting for the database at {place}: {reason}", flush=True)
        time.sleep(PAUSE_SECONDS)


def main() -> int:
    try:
        wait(database_url(), seconds=WAIT_SECONDS)
    except NotReady as error:
        print(f"The database is not ready: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
