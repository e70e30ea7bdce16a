"""How figures are kept: the rows of some days are counted from the books, and take the place of those from before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from billing.models import Area, FiguresCount
from billing.models.figures import Figure
from billing.rules.money import exponent
from billing.rules.periods import start_of_day
from billing.services import clock

A_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Days:
    """The days from ``since`` to the one before ``until``."""

    since: date
    until: date

    @property
    def parameters(self) -> dict[str, Any]:
        """What the statements know: the days, the instants of their midnights, the zone and the currency."""
        return {
            "since": self.since,
            "until": self.until,
            "from": start_of_day(self.since - A_DAY, clock.zone()),
            "to": start_of_day(self.until + A_DAY, clock.zone()),
            "zone": settings.TIME_ZONE,
            "decimals": exponent(settings.CURRENCY),
        }


def replace(model: type[Figure], columns: Sequence[str], query: str, where: str, parameters: dict[str, Any]) -> int:
    """Put what ``query`` counts in place of the rows ``where``; how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {model._meta.db_table} WHERE {where}", parameters)  # noqa: S608  (names of ours)
    return add(model, columns, query, parameters)


def add(model: type[Figure], columns: Sequence[str], query: str, parameters: dict[str, Any]) -> int:
    """Put what ``query`` counts beside the rows that there are: readers add them up; how many rows."""
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) {query}", parameters)
        return int(cursor.rowcount)


def of_area(area: Area | None) -> dict[str, Any]:
    """The filter for the kept rows of an area, all of them without one."""
    return {"area": area.pk} if area else {}


def counted_at() -> datetime | None:
    """When the figures were counted last, None before the first time."""
    found: datetime | None = FiguresCount.objects.values_list("counted_at", flat=True).first()
    return found
