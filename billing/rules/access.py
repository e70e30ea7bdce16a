"""When unpaid bills cut a subscription (rules B3, E1, T5). Pure: no clock, no tables."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.rules.periods import start_of_day

NEVER = datetime(9000, 1, 1, tzinfo=UTC)
"""The instant that stands for "never": of the exclusion that has no end (rule E11)."""


def due_on(issued_on: date, due_days: int) -> date:
    """The last day to pay, inclusive (rule B3)."""
    return issued_on + timedelta(days=due_days)


def cut_off_at(due_on: date, grace_days: int, zone: ZoneInfo) -> datetime:
    """The instant, in UTC, from which an unpaid bill cuts: the start of the first local day
    after the due day and its grace days (rules B3, T5)."""
    return start_of_day(due_on + timedelta(days=grace_days + 1), zone)


def not_before(until: date | None, zone: ZoneInfo) -> datetime:
    """The first instant after a promise or exclusion whose last day is ``until`` (rules E11, T5)."""
    return NEVER if until is None else start_of_day(until + timedelta(days=1), zone)


def is_due(cut_off: datetime | None, now: datetime) -> bool:
    """Whether the cut is due at ``now``; an outage heals itself, so due means ``<=`` (rule T6)."""
    return cut_off is not None and cut_off <= now
