"""Sessions that have ended are kept in tables by month, and dropped by the month (decision 43)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.conf import settings
from django.db import connection
from psycopg2 import sql

MONTHS_AHEAD = 2
_MONTH = re.compile(r"billing_sessionrecord_(\d{4})(\d\d)")
_PARTITIONS = """
    SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'billing_sessionrecord'::regclass ORDER BY 1
"""


def keep(now: datetime) -> list[str]:
    """Make the months to come, drop those older than SESSION_HISTORY_DAYS; the names of the dropped."""
    before = now.astimezone(UTC) - timedelta(days=settings.SESSION_HISTORY_DAYS)
    first = now.astimezone(UTC).date().replace(day=1)
    with connection.cursor() as cursor:
        for month in range(MONTHS_AHEAD + 1):
            cursor.execute("SELECT billing_session_month(%s)", [first + relativedelta(months=month)])
        cursor.execute(_PARTITIONS)
        old = [name for (name,) in cursor.fetchall() if _end_of(name) <= before.date()]
        for name in old:
            cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(name)))
        cursor.execute("DELETE FROM billing_sessionrecord_rest WHERE stopped_at < %s", [before])
    return old


def _end_of(partition: str) -> date:
    match = _MONTH.fullmatch(partition)
    return date(int(match[1]), int(match[2]), 1) + relativedelta(months=1) if match else date.max
