"""What jobs of ``tests.jobs.program`` really did, apart from what the scheduler records of itself."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.db import connection

DOUBLED = """
    SELECT slot, count(*) FROM notes WHERE job = %s AND what = 'ran' AND NOT EXISTS (
        SELECT FROM utils_jobrun run WHERE run.job_id = job AND run.slot = notes.slot AND result = 'interrupted'
    )
    GROUP BY slot HAVING count(*) > 1
"""


def until(condition, seconds=20, what="it"):
    """Wait until ``condition`` is true, and return what it says."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)
    return found


class Notes:
    """The table in which each run of a job leaves a row with the time and the process.

    It is in the database of the tests, or where ``cursor`` leads.
    """

    def __init__(self, cursor=None):
        self._cursor = cursor or (lambda: connection.cursor())

    def create(self):
        self.drop()
        with self._cursor() as cursor:
            cursor.execute(
                "CREATE TABLE notes (id bigserial, job text, what text, pid int, slot timestamptz,"
                " at timestamptz DEFAULT clock_timestamp())"
            )

    def drop(self):
        with self._cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS notes")

    def times(self, job, what="ran"):
        with self._cursor() as cursor:
            cursor.execute("SELECT at FROM notes WHERE job = %s AND what = %s ORDER BY id", [job, what])
            return [row[0] for row in cursor.fetchall()]

    def pids(self, job):
        with self._cursor() as cursor:
            cursor.execute("SELECT DISTINCT pid FROM notes WHERE job = %s", [job])
            return {row[0] for row in cursor.fetchall()}

    def wait_for(self, job, count=1, *, what="ran", seconds=20):
        """Wait for that many more runs from now on; the times of all."""
        already = len(self.times(job, what))
        until(lambda: len(self.times(job, what)) >= already + count, seconds, f"{count} more of {job} {what}")
        return self.times(job, what)

    def doubled(self, job):
        """The slots in which the job ran more than once, and how often, though no run of the slot was cut off."""
        with self._cursor() as cursor:
            cursor.execute(DOUBLED, [job])
            return dict(cursor.fetchall())

    def slots(self, job):
        """How often the job ran in each slot: a late run counts for the slot that it was begun for."""
        with self._cursor() as cursor:
            cursor.execute("SELECT slot, count(*) FROM notes WHERE job = %s AND what = 'ran' GROUP BY slot", [job])
            return dict(cursor.fetchall())


def slot(at, every):
    """The slot of a rhythm that is counted in seconds, at an instant."""
    return datetime.fromtimestamp(at.timestamp() // every * every, UTC)
