"""How many rows there are, without reading them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Model, QuerySet

MOST_COUNTED = 10_000  # of a whole table
MOST_MATCHING = 1_000  # under a condition: each may be looked up in other tables


@dataclass(frozen=True)
class Count:
    """A number of rows: exact, or at least that many, or about as many as PostgreSQL's statistics say."""

    number: int
    is_capped: bool = False
    is_estimate: bool = False


def count(rows: QuerySet[Any]) -> Count:
    """Of rows under a condition no more than ``MOST_MATCHING`` are counted, of a large table an estimate is enough."""
    if not rows.query.where and (about := estimate(rows.model)) > MOST_COUNTED:
        return Count(rounded(about), is_estimate=True)
    most = MOST_MATCHING if rows.query.where else MOST_COUNTED
    found = rows.order_by().values("pk")[: most + 1].count()
    return Count(min(found, most), is_capped=found > most)


def estimate(model: type[Model]) -> int:
    """About how many rows the table of ``model`` has; below zero while PostgreSQL has not looked yet."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass", [model._meta.db_table])
        return int(cursor.fetchone()[0])


def rounded(number: int) -> int:
    """The number with two figures that say something: 12,345,678 is 12,000,000."""
    return round(number, 2 - len(str(number)))
