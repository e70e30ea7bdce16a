"""A database with the tables of the migrations, made once and copied for each process of the tests."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from tests.database_places import connect

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "migrated_"


def template() -> str:
    """The name of the database to copy; those of other migrations are dropped.

    The first process makes it while the others wait.
    """
    name = PREFIX + _fingerprint()
    with closing(connect(_url("postgres"))) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext(%s))", [PREFIX])
            cursor.execute("SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX])
            found = {row[0] for row in cursor}
            for other in found - {name}:
                cursor.execute(f"DROP DATABASE {other} WITH (FORCE)")
            if name not in found:
                _make(cursor, name)
    return name


def _make(cursor, name: str) -> None:
    unfinished = f"{name}_unfinished"
    cursor.execute(f"CREATE DATABASE {unfinished}")
    environment = {**os.environ, "DATABASE_URL": _url(unfinished)}
    subprocess.run([sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=ROOT, env=environment, check=True)
    cursor.execute(f"ALTER DATABASE {unfinished} RENAME TO {name}")


def _url(name: str) -> str:
    return urlsplit(settings.DATABASE_URL)._replace(path=f"/{name}").geturl()


def _fingerprint() -> str:
    """Of the migrations, and of the month: some make tables for the months from theirs on."""
    sources = [ROOT / "requirements.txt", *sorted(ROOT.glob("*/migrations/*.py"))]
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in sources)).hexdigest()[:16]
    return f"{digest}_{datetime.now(UTC):%Y%m}"
