"""What jobs of ``tests.jobs.program`` really did, apart from what the scheduler records of itself."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from itertools import pairwise

from django.db import connection

DOUBLED = """
    SELECT slot, count(*) FROM notes WHERE job = %s AND what = 'ran' AND NOT EXISTS (
        SELECT FROM utils_jobrun run WHERE run.job_id = job AND run.slot = notes.slot AND result = 'interrupted'
    )
    GROUP BY slot HAVING count(*) > 1
"""


LONG = 90  # seconds: far more than anything takes on a machine that does much else; who needs less waits for less


def until(condition, seconds=LONG, what="it"):
    """Wait until ``condition`` is true, and return what it says."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds} s"
        time.sleep(0.02)
    return found


def at_best(measure, enough, times=3):
    """The least of so many measurements, the first below ``enough`` being the last: others use the machine, too."""
    least = float("inf")
    for _ in range(times):
        least = min(least, measure())
        if least < enough:
            break
    return least


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

    def wait_for(self, job, count=1, *, what="ran", seconds=LONG):
        """Wait for that many more runs from now on; the times of all."""
        already = len(self.times(job, what))
        until(lambda: len(self.times(job, what)) >= already + count, seconds, f"{count} more of {job} {what}")
        return self.times(job, what)

    def wait_until_steady(self, job, count=4, gap=1.8):
        """Wait until, from now on, a job has run so often in a row without a longer gap than so many seconds."""
        already = len(self.times(job))

        def is_steady():
            last = self.times(job)[already:][-count:]
            return len(last) == count and all((after - at).total_seconds() < gap for at, after in pairwise(last))

        until(is_steady, what=f"{count} of {job} in a row")

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
