"""What the ledger booked on a day since it was counted last, so that a count need not read the whole day again.

Ids are given before a transaction commits, so an entry may come late, below the last one that was counted. Then
there are more entries than were counted and than are new, and the day is counted anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from django.db import connection

HIGHEST = 2**63 - 1
ALL: dict[str, Any] = {"after": 0, "last": HIGHEST}
_BOOKED = """
    SELECT count(*), count(*) FILTER (WHERE id > %(after)s), coalesce(max(id), 0)
    FROM billing_ledgerentry WHERE booked_on = %(day)s
"""


class Mark(NamedTuple):
    """How many entries of a day were counted, and the last of them."""

    entries: int
    last: int


@dataclass(frozen=True)
class New:
    """The entries of a day ``after`` one of them; ``is_all`` when those before it are not known."""

    after: int
    mark: Mark
    count: int
    is_all: bool

    @property
    def parameters(self) -> dict[str, Any]:
        return {"after": self.after, "last": self.mark.last}


def since(mark: Mark | None, day: date) -> New:
    """What was booked on ``day`` since ``mark``."""
    with connection.cursor() as cursor:
        cursor.execute(_BOOKED, {"day": day, "after": mark.last if mark else 0})
        count, new, last = cursor.fetchone()
    is_all = mark is None or mark.entries + new != count
    return New(0 if is_all else mark.last if mark else 0, Mark(count, last), new, is_all)
