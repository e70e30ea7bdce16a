"""Stages of being overdue, by the age of the oldest unpaid bill (rules T6, E2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from billing.rules.errors import Refused

MOST_DAYS = 366  # between a due date and its reminder


@dataclass(frozen=True)
class Stage:
    """What is done ``days`` days after the date from which a debt counts, such as a warning."""

    name: str
    days: int

    def reached_on(self, unpaid_since: date) -> date:
        return unpaid_since + timedelta(days=self.days)


def stage(unpaid_since: date | None, stages: Sequence[Stage], as_of: date) -> Stage | None:
    """The most severe stage that is reached, None when nothing is unpaid or none is.

    Only the oldest unpaid date and ``as_of`` count, never when a job ran: after an outage the
    stages between are skipped, and paying the oldest bill steps down to the age of the next.
    """
    if unpaid_since is None:
        return None
    reached = [one for one in stages if one.reached_on(unpaid_since) <= as_of]
    return max(reached, key=lambda one: one.days, default=None)


def next_on(unpaid_since: date | None, stages: Sequence[Stage], as_of: date) -> date | None:
    """The day on which the next stage is reached, if nothing is paid."""
    if unpaid_since is None:
        return None
    days = (one.reached_on(unpaid_since) for one in stages)
    return min((day for day in days if day > as_of), default=None)


def parse_stages(words: Sequence[str]) -> tuple[Stage, ...]:
    """Reminders from words such as ``-3`` and ``7``: days after the due date, below zero before it.

    Raises:
        Refused: a word that is no whole number of days within a year, or the same one twice.
    """
    days = sorted(_days(word) for word in words)
    if len(set(days)) < len(days):
        raise Refused("Two reminders come on the same day. Leave one out.")
    return tuple(Stage(_reminder(one), one) for one in days)


def _days(word: str) -> int:
    try:
        days = int(word)
    except ValueError as error:
        raise Refused("“{word}” is not a number of days.", word=word) from error
    if abs(days) > MOST_DAYS:
        raise Refused(
            "A reminder {days} days after the due date is too far from it. Stay within {most_days}.",
            days=days,
            most_days=MOST_DAYS,
        )
    return days


def _reminder(days: int) -> str:
    if days == 0:
        return "on the due date"
    return f"{abs(days)} day{'' if abs(days) == 1 else 's'} {'after' if days > 0 else 'before'} the due date"


def checked(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """The stages, mildest first.

    Raises:
        Refused: a negative number of days, or the same number twice.
    """
    days = [one.days for one in stages]
    if days and min(days) < 0:
        raise Refused("A stage after {min} days is not possible. Enter 0 or more.", min=min(days))
    if len(set(days)) < len(days):
        raise Refused("Two stages come on the same day. Give each its own number of days.")
    return tuple(sorted(stages, key=lambda one: one.days))
