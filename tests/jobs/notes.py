"""What jobs of ``tests.jobs.program`` really did, apart from what the scheduler records of itself."""

from __future__ import annotations

import time
from collections import Counter
from datetime import UTC, datetime

from django.db import connection


def until(condition, seconds=20, what="it"):
    """Wait until ``condition`` is true, and return what it says."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)
    return found


class Notes:
    """The table in which each run of a job leaves a row with the time and the process."""

    def create(self):
        self.drop()
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE TABLE notes"
                " (id bigserial, job text, what text, pid int, at timestamptz DEFAULT clock_timestamp())"
            )

    def drop(self):
        with connection.cursor() as cursor:
            cursor.execute("DROP TABLE IF EXISTS notes")

    def times(self, job, what="ran"):
        with connection.cursor() as cursor:
            cursor.execute("SELECT at FROM notes WHERE job = %s AND what = %s ORDER BY id", [job, what])
            return [row[0] for row in cursor.fetchall()]

    def pids(self, job):
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT pid FROM notes WHERE job = %s", [job])
            return {row[0] for row in cursor.fetchall()}

    def wait_for(self, job, count=1, *, what="ran", seconds=20):
        """Wait for that many more runs from now on; the times of all."""
        already = len(self.times(job, what))
        until(lambda: len(self.times(job, what)) >= already + count, seconds, f"{count} more of {job} {what}")
        return self.times(job, what)

    def slots(self, job, every):
        """How often the job ran in each place of a rhythm that is counted in seconds."""
        return Counter(slot(at, every) for at in self.times(job))


def slot(at, every):
    return datetime.fromtimestamp(at.timestamp() // every * every, UTC)
