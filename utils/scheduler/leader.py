"""One scheduler acts: the leader is who holds an advisory lock of the database."""

from __future__ import annotations

import psycopg2
from django.db import connection

LOCK = (1230196802, 1)  # two 32-bit keys of our own: "ISPB", the scheduler


class Leadership:
    """The lock and the session that holds it.

    The session is its own connection, not Django's, which is closed after every run. PostgreSQL
    ends it when nothing is heard for ``lease`` seconds, so a frozen leader loses the lock.
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
        except psycopg2.Error:
            return False

    def release(self) -> None:
        """Give the lock up by ending its session."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _ask(self, query: str, arguments: tuple[int, int]) -> object:
        if self._session is None:
            return None
        with self._session.cursor() as cursor:
            cursor.execute(query, arguments)
            row = cursor.fetchone()
        return row[0] if row else None


_IS_HELD = """
    SELECT count(*) FROM pg_locks
    WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted AND classid = %s AND objid = %s
"""


def _connect(lease: float) -> psycopg2.extensions.connection:
    session = psycopg2.connect(
        **{
            **connection.get_connection_params(),
            "application_name": "isp-billing-scheduler",
            "options": f"-c idle_session_timeout={lease * 1000:.0f} -c statement_timeout=4s",
        }
    )
    session.autocommit = True
    return session
