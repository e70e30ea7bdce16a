"""Vacation holds: days without access that are not billed, on a grid that stays (rule L3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from billing.rules.errors import Refused
from billing.rules.periods import Period, Schedule
from billing.rules.proration import Standing, unused


@dataclass(frozen=True)
class Hold:
    """The half-open days ``[start, end)`` without service; no ``end`` means until further notice."""

    start: date
    end: date | None = None

    def overlap(self, start: date, end: date) -> tuple[date, date] | None:
        """The days of ``[start, end)`` that fall in the hold, half-open; None when there are none."""
        first = max(start, self.start)
        last = end if self.end is None else min(end, self.end)
        return (first, last) if first < last else None


def checked(hold: Hold, others: Sequence[Hold] = (), *, say: Callable[[date], str] = str) -> Hold:
    """``hold`` if it can be placed beside the ``others`` of the subscription; ``say`` puts a day in words.

    Raises:
        Refused: its dates are in impossible order, or it shares a day with another one.
    """
    if hold.end is not None and hold.end <= hold.start:
        raise Refused(
            "The hold would end on {end}, not after its first day {start}. Choose a later end.",
            end=say(hold.end),
            start=say(hold.start),
        )
    for other in others:
        if hold.overlap(other.start, other.end or date.max):
            if other.end is None:
                raise Refused(
                    "There is a hold from {start} until further notice already. "
                    "Change that one, or choose days beside it.",
                    start=say(other.start),
                )
            raise Refused(
                "There is a hold from {start} to before {end} already. Change that one, or choose days beside it.",
                start=say(other.start),
                end=say(other.end),
            )
    return hold


def held_days(line: Standing, hold: Hold) -> int:
    """How many days of a billed line fall in the hold."""
    days = hold.overlap(line.start, line.end)
    return (days[1] - days[0]).days if days else 0


def credit(line: Standing, hold: Hold, currency: str) -> Decimal:
    """The credit for the days of a billed line that fall in the hold (rule M3).

    Raises:
        Refused: more days than are left of the line.
    """
    start, end = hold.overlap(line.start, line.end) or (line.start, line.start)
    return unused(line, start=start, end=end, currency=currency)


def first_free_day(day: date, holds: Sequence[Hold]) -> date | None:
    """The first day from ``day`` on that is not on hold; None when an open-ended hold comes first."""
    for hold in sorted(holds, key=lambda hold: hold.start):
        if hold.start <= day and (hold.end is None or day < hold.end):
            if hold.end is None:
                return None
            day = hold.end
    return day


def next_slice(
    schedule: Schedule, billed_until: date, holds: Sequence[Hold] = (), until: date | None = None
) -> Period | None:
    """What is billed next: the days from ``billed_until`` on, without those on hold and from ``until`` on.

    None when no such day is left. The slice ends where a hold starts; the one after it follows
    when this one is billed.
    """
    start = first_free_day(billed_until, holds)
    if start is None or (until is not None and start >= until):
        return None
    ends = [hold.start for hold in holds if hold.start > start] + ([until] if until else [])
    return schedule.slice_from(start, min(ends, default=None))
