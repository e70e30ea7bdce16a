"""What the database knows of the scheduler, in one query whatever the number of runs."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from django.db import connection

# The runs come from the indexes by job and end, so that one row of each kind is read, not the history. What ran
# before the clock was set back is no witness of what is due now.
KNOWN = """
SELECT role, name, started_at, seen_at, id, '' FROM utils_instance
UNION ALL
SELECT 'next', id, next_run_time, NULL, NULL, '' FROM django_apscheduler_djangojob WHERE next_run_time IS NOT NULL
UNION ALL
SELECT 'rhythm', job_id, since, NULL, NULL, cron FROM utils_jobrhythm
UNION ALL
SELECT 'paused', job_id, since, NULL, paused_by_id, '' FROM utils_pausedjob
UNION ALL
SELECT 'request', job_id, asked_at, NULL, id, kind FROM utils_jobrequest WHERE done_at IS NULL
UNION ALL
SELECT 'alarm', key, began_at, NULL, id, text FROM utils_alarm WHERE ended_at IS NULL
UNION ALL
SELECT 'installed', '', min(applied), NULL, NULL, '' FROM django_migrations WHERE app = 'utils'
UNION ALL
SELECT run.result, run.job_id, run.started_at, run.ended_at, run.id, split_part(run.error, E'\\n', 1)
FROM unnest(%s::text[]) AS job (id) CROSS JOIN LATERAL (
    (SELECT * FROM utils_jobrun WHERE job_id = job.id AND result = 'succeeded' AND NOT superseded
        ORDER BY ended_at DESC LIMIT 1)
    UNION ALL
    (SELECT * FROM utils_jobrun WHERE job_id = job.id AND result <> 'succeeded' AND ended_at IS NOT NULL
        AND NOT superseded ORDER BY ended_at DESC LIMIT 1)
    UNION ALL
    (SELECT * FROM utils_jobrun WHERE job_id = job.id AND result = 'running' AND ended_at IS NULL LIMIT 1)
) AS run
"""

RECENT = """
SELECT run.result, run.job_id, run.started_at, run.ended_at, run.id, ''
FROM unnest(%s::text[]) AS job (id) CROSS JOIN LATERAL (
    SELECT * FROM utils_jobrun WHERE job_id = job.id AND ended_at IS NOT NULL ORDER BY ended_at DESC LIMIT %s
) AS run
ORDER BY run.ended_at
"""


class Fact(NamedTuple):
    """One thing that is known: ``about`` names a job, a process or an alarm, ``row`` is the key of its row.

    ``text`` is the first line of a run's error, what is asked for, or what alarms.
    """

    kind: str
    about: str
    at: datetime
    until: datetime | None
    row: int | None
    text: str

    @property
    def seconds(self) -> float:
        """How long a run took."""
        return (self.until - self.at).total_seconds() if self.until else 0.0


def gather(job_ids: Iterable[str]) -> list[Fact]:
    """Everything that the status is judged by."""
    with connection.cursor() as cursor:
        cursor.execute(KNOWN, [list(job_ids)])
        return [Fact(*row) for row in cursor.fetchall()]


def recent(job_ids: Iterable[str], *, most: int) -> dict[str, list[Fact]]:
    """The last runs that ended by job, the oldest first, no more than ``most`` of each."""
    found: dict[str, list[Fact]] = {}
    with connection.cursor() as cursor:
        cursor.execute(RECENT, [list(job_ids), most])
        for row in cursor.fetchall():
            found.setdefault(row[1], []).append(Fact(*row))
    return found
