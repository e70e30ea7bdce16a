"""Sessions of the scheduler with the database: none waits without a limit, and a running job holds its lock."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connection, connections
from django.db.backends.signals import connection_created

from utils.scheduler.jobs import Job

LOCKS_OF_JOBS = 1230196803  # the first of two 32-bit keys of our own: "ISPC"; the second is the job's
LONGEST_LOCK_WAIT = timedelta(seconds=5)
IDLE_IN_TRANSACTION = timedelta(seconds=60)  # then PostgreSQL lets go of what a frozen process holds


@dataclass(frozen=True)
class Limits:
    """How long a statement may take, and how long it may wait for a lock."""

    statement: timedelta
    lock: timedelta


HOUSEKEEPING = Limits(statement=timedelta(seconds=10), lock=timedelta(seconds=1))


class _Here(threading.local):
    limits: Limits = HOUSEKEEPING


_here = _Here()

_LIMIT = """
    SELECT set_config('statement_timeout', %s, false), set_config('lock_timeout', %s, false),
        set_config('idle_in_transaction_session_timeout', %s, false)
"""


def prepare() -> None:
    """Give every session that this process opens from now on its limits, and keep none longer than needed."""
    connection.settings_dict["CONN_MAX_AGE"] = 0
    connection_created.connect(_limit)


def _limit(connection: Any, **kwargs: Any) -> None:
    limits = _here.limits
    with connection.cursor() as cursor:
        cursor.execute(_LIMIT, [_milliseconds(t) for t in (limits.statement, limits.lock, IDLE_IN_TRANSACTION)])


def _milliseconds(duration: timedelta) -> str:
    return str(max(round(duration.total_seconds() * 1000), 1))


@contextmanager
def limited(limits: Limits) -> Iterator[None]:
    """This thread's sessions have other limits; they begin and end here."""
    _here.limits = limits
    connections.close_all()
    try:
        yield
    finally:
        _here.limits = HOUSEKEEPING
        connections.close_all()


def limits_of(job: Job) -> Limits:
    """A statement that takes half of the job's limit fails, and with it the run, before the process has to end."""
    return Limits(statement=job.limit / 2, lock=min(LONGEST_LOCK_WAIT, job.limit / 2))


def try_lock(job_id: str) -> bool:
    """Take the job's lock for as long as this session lives; False while a run of it is still in flight.

    The lock is held by the very session that the job works with: when it is gone, so is what could
    still be written.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [LOCKS_OF_JOBS, job_id])
        return bool(cursor.fetchone()[0])
