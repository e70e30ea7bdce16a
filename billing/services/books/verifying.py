"""Run the checks, one at a time, and say what differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction

from billing.rules.money import exponent
from billing.services import policy
from billing.services.books import access, allocations, documents, figures, ledger, numbering, periods
from billing.services.books.check import Check

CHECKS: tuple[Check, ...] = (
    *ledger.CHECKS,
    *documents.CHECKS,
    *allocations.CHECKS,
    *numbering.CHECKS,
    *periods.CHECKS,
    *access.CHECKS,
    *figures.CHECKS,
)
AN_HOUR = timedelta(hours=1)
MOST_SHOWN = 20  # differences of one check

_COUNT = "SELECT count(*), count(*) FILTER (WHERE stored IS DISTINCT FROM expected) FROM ({query}) AS row"
_SHOW = """
    SELECT id::text, coalesce(stored::text, 'nothing'), coalesce(expected::text, 'nothing') FROM ({query}) AS row
    WHERE stored IS DISTINCT FROM expected ORDER BY row.id LIMIT {limit}
"""
# All checks see the books at one instant, however long they take; nobody waits for them.
_ONE_INSTANT = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_MEANS = "SET LOCAL work_mem = '16MB'; SET LOCAL statement_timeout = '30min'"


class Difference(NamedTuple):
    """A row whose stored figure is not what the raw rows come to."""

    row_id: str
    stored: str
    expected: str


@dataclass(frozen=True)
class Result:
    """What one check found: how many rows it looked at, how many differ, and the first of them."""

    check: Check
    rows: int
    differences: int
    shown: Sequence[Difference] = ()

    @property
    def is_wrong(self) -> bool:
        return self.differences > 0 and not self.check.tolerated


class BooksDiffer(Exception):
    """The books are not what the raw rows come to; the message names the checks and the first ids."""


def verify(*, now: datetime, report: Callable[[Result], None] = lambda result: None) -> list[Result]:
    """Compute everything that is stored anew and compare, as of ``now``; ``report`` is told of each check.

    Within a transaction of the caller it sees what that transaction wrote; otherwise it sees one
    instant of the database.
    """
    calendar = policy.calendar()
    parameters = {
        "now": now,
        "currency": settings.CURRENCY,
        "decimals": exponent(settings.CURRENCY),
        "minimum": policy.minimum_debt(),
        "cuts_are_allowed": calendar.allows_cuts(now) and calendar.allows_cuts(now - AN_HOUR),
    }
    results: list[Result] = []
    is_outermost = not connection.in_atomic_block
    with transaction.atomic(), connection.cursor() as cursor:
        if is_outermost:
            cursor.execute(_ONE_INSTANT)
        cursor.execute(_MEANS)
        for check in CHECKS:
            results.append(_run(cursor, check, parameters))
            report(results[-1])
    return results


def require(results: Sequence[Result]) -> None:
    """Raise BooksDiffer unless everything is as it should be."""
    wrong = [result for result in results if result.is_wrong]
    if wrong:
        raise BooksDiffer("The books differ from the raw rows. " + "; ".join(_summary(result) for result in wrong))


def _run(cursor: Any, check: Check, parameters: dict[str, Any]) -> Result:
    cursor.execute(_COUNT.format(query=check.query), parameters)
    rows, differences = cursor.fetchone()
    if not differences:
        return Result(check, rows, differences)
    cursor.execute(_SHOW.format(query=check.query, limit=MOST_SHOWN), parameters)
    return Result(check, rows, differences, [Difference(*row) for row in cursor.fetchall()])


def _summary(result: Result) -> str:
    ids = ", ".join(dict.fromkeys(difference.row_id for difference in result.shown))
    more = ", …" if result.differences > len(result.shown) else ""
    return f"{result.check.name}: {result.check.rows_of} {ids}{more}"
