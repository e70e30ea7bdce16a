"""When a failed collection is tried again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import accumulate

from billing.rules.errors import Refused


def retry_dates(failed_on: date, waits: Sequence[int]) -> list[date]:
    """The days of the retries, each ``waits`` days after the attempt before it.

    Raises:
        Refused: a wait of less than a day.
    """
    if any(wait < 1 for wait in waits):
        raise Refused("Wait at least one day between two attempts.")
    return [failed_on + timedelta(days=days) for days in accumulate(waits)]
