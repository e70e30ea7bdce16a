"""Tells that this process is well: a file for the container's health check, a row for people and alarms."""

from __future__ import annotations

import logging
import os
import socket
from datetime import UTC, datetime

import psycopg2
from django.conf import settings

from utils.models import Instance
from utils.scheduler.leader import Leadership

logger = logging.getLogger(__name__)

Role = Instance.Role

_WRITE = """
    INSERT INTO utils_instance (name, role, started_at, seen_at, loop_at) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (name) DO UPDATE SET role = excluded.role, seen_at = excluded.seen_at, loop_at = excluded.loop_at
"""
_REPLACE_LEADER = "DELETE FROM utils_instance WHERE role IN ('leader', 'stopped') AND name <> %s"
_STOP = """
    UPDATE utils_instance SET role = 'stopped', seen_at = %s WHERE name = %s AND role = 'leader';
    DELETE FROM utils_instance WHERE name = %s AND role = 'standby'
"""


class Heartbeat:
    """Of one process; its row is written in the session of the lock, which must be heard of as often anyway."""

    def __init__(self, leadership: Leadership) -> None:
        self._leadership = leadership
        self._started_at = datetime.now(UTC)
        self.name = f"{socket.gethostname()[:80]}-{os.getpid()}-{self._started_at:%Y%m%dT%H%M%S}"
        self.loop_at: datetime | None = None

    def touch(self) -> None:
        """Touch the file.

        Raises:
            OSError: it cannot be written.
        """
        path = settings.SCHEDULER_HEARTBEAT_FILE
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()

    def turned(self) -> None:
        """The leader's loop made a good turn."""
        self.loop_at = datetime.now(UTC)

    def beat(self, role: Role) -> None:
        """Touch the file and write the row, as far as they let us: what they tell is not worth a run."""
        try:
            self.touch()
        except OSError as error:
            logger.warning("The heartbeat cannot be written: %s", error)
        self._do(_WRITE, [self.name, role.value, self._started_at, datetime.now(UTC), self.loop_at])

    def lead(self) -> None:
        """Write that this process leads, and that whoever did before does not any more."""
        self._do(_REPLACE_LEADER, [self.name])
        self.beat(Role.LEADER)

    def stop(self) -> None:
        """This process ends as it should; a leader leaves word of when, for those who wait for the next one."""
        self._do(_STOP, [datetime.now(UTC), self.name, self.name])

    def _do(self, query: str, values: list[object]) -> None:
        try:
            self._leadership.execute(query, values)
        except psycopg2.Error as error:
            logger.warning("The row of this process cannot be written: %s", str(error).strip().partition("\n")[0])
