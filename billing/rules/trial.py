"""Free trials (rule L7)."""

from __future__ import annotations

from datetime import date, timedelta

from billing.rules.errors import Refused
from billing.rules.periods import Period


def first_paid_day(starts_on: date, days: int) -> date:
    """The day after a trial of ``days`` days: the anchor of the paid periods.

    Raises:
        Refused: a negative number of days.
    """
    if days < 0:
        raise Refused("A trial of {days} days is not possible. Enter 0 for none, or more.", days=days)
    return starts_on + timedelta(days=days)


def free_period(starts_on: date, days: int) -> Period | None:
    """The trial itself, None when there is none.

    Raises:
        Refused: a negative number of days.
    """
    end = first_paid_day(starts_on, days)
    return Period(starts_on, end, days) if days else None
