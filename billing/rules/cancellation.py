"""The end of a subscription: no day beyond it is charged (rule L6)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

from billing.rules.errors import Refused
from billing.rules.periods import Period, Schedule
from billing.rules.proration import Standing, unused


def checked_end(on: date, *, starts_on: date, say: Callable[[date], str] = str) -> date:
    """``on``, the first day without the service; on the start day itself nothing is charged (rule T2).

    ``say`` puts a day in words.

    Raises:
        Refused: before the start.
    """
    if on < starts_on:
        raise Refused(
            "It cannot end on {on}, before it starts on {starts_on}. Choose {starts_on} or later.",
            on=say(on),
            starts_on=say(starts_on),
        )
    return on


def credit(line: Standing, on: date, currency: str) -> Decimal:
    """The credit for the days of a billed line from ``on``, the first day without the service (rule M3).

    All that is left of a line that starts later, nothing of one that was used up.
    """
    start = min(max(on, line.start), line.end)
    return unused(line, start=start, end=line.end, currency=currency)


def final_slices(schedule: Schedule, billed_until: date, on: date) -> list[Period]:
    """The days that are used but not billed at the end, for the final bill of a plan in arrears."""
    return list(schedule.slices(billed_until, on))
