"""One scheduler acts: the leader is who holds an advisory lock of the database."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import psycopg2
from django.db import connection
from psycopg2 import errors

from utils.scheduler.sessions import LOCKS_OF_JOBS

logger = logging.getLogger(__name__)

LOCK = (1230196802, 1)  # two 32-bit keys of our own: "ISPB", the scheduler


class Leadership:
    """The lock and the session that holds it.

    The session is its own connection, not Django's, which is closed after every run; it goes
    straight to PostgreSQL, because a pooler may hand a session to somebody else. PostgreSQL ends
    it when nothing is heard for ``lease`` seconds, so a frozen leader loses the lock.
    """

    def __init__(self, lease: float) -> None:
        self._lease = lease
        self._session: psycopg2.extensions.connection | None = None

    def acquire(self) -> bool:
        """Try to become the leader; False when another process is.

        Raises:
            psycopg2.Error: the database does not answer.
        """
        try:
            if self._session is None:
                self._session = _connect(self._lease)
            return bool(self._ask("SELECT pg_try_advisory_lock(%s, %s)", LOCK))
        except psycopg2.Error:
            self.release()
            raise

    def is_held(self) -> bool:
        """Whether this process still is the leader; asking keeps the lease alive."""
        try:
            return bool(self._ask(_IS_HELD, LOCK))
        except errors.QueryCanceled:
            return True  # the database is slow, but the session answers, and with it the lock lives
        except psycopg2.Error:
            return False

    def execute(self, query: str, values: Sequence[object]) -> None:
        """Write something in the session of the lock.

        Raises:
            psycopg2.Error: the database does not take it.
        """
        if self._session is None:
            return
        with self._session.cursor() as cursor:
            cursor.execute(query, values)

    def end_runs_before(self) -> int:
        """End the sessions in which a leader before this one still runs jobs; how many.

        It may be frozen, or gone while PostgreSQL still works on its last statement. What is not
        committed is rolled back, and a process that thaws can write nothing more.
        """
        try:
            return int(str(self._ask(_END_RUNS, (LOCKS_OF_JOBS,)) or 0))
        except psycopg2.Error as error:
            logger.warning("Runs of the scheduler before cannot be ended: %s", str(error).strip())
            return 0

    def release(self) -> None:
        """Give the lock up by ending its session."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _ask(self, query: str, values: Sequence[object]) -> object:
        if self._session is None:
            return None
        with self._session.cursor() as cursor:
            cursor.execute(query, values)
            row = cursor.fetchone()
        return row[0] if row else None


_IS_HELD = """
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted AND classid = %s AND objid = %s
"""
_END_RUNS = """
    SELECT count(*) FILTER (WHERE pg_terminate_backend(pid)) FROM pg_locks
    WHERE locktype = 'advisory' AND granted AND classid = %s AND objsubid = 2
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
"""


def _connect(lease: float) -> psycopg2.extensions.connection:
    session = psycopg2.connect(
        **{
            **connection.get_connection_params(),
            "application_name": "isp-billing-scheduler",
            "connect_timeout": 3,
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,
            "options": f"-c idle_session_timeout={lease * 1000:.0f} -c statement_timeout=4s -c lock_timeout=1s",
        }
    )
    session.autocommit = True
    return session
