"""A process that works on the test's database and is killed with -9 at some moment."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable

from django.db import connection, connections

_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
"""


def was_killed_at_work(work: Callable[[], object], seconds: float) -> bool:
    """Let a process of its own do ``work`` and kill it after so many seconds, if it is not done before."""
    connections.close_all()  # a forked process must not share them
    process = multiprocessing.get_context("fork").Process(target=work)
    process.start()
    time.sleep(seconds)
    process.kill()
    process.join()
    return process.exitcode != 0


def wait_for_the_dying() -> None:
    """PostgreSQL notices a killed client when the statement that it runs is over."""
    with connection.cursor() as cursor:
        while cursor.execute(_OTHERS) or cursor.fetchone()[0]:
            time.sleep(0.05)
