"""Renewals of prepaid subscriptions: unpaid time is not billed, paid time is not lost (rule L4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from billing.rules.periods import Period, Schedule, start_of_day


@dataclass(frozen=True)
class Redated:
    """The period that a late payment buys, and the anchor of those that follow it."""

    anchor: date
    slice: Period


def due_on(start: date, *, issued_on: date) -> date:
    """The last day to pay a renewal from ``start`` on: the last paid day, or its issue if that came later.

    So a renewal that an outage delayed cuts nobody on the day on which it comes (rule E1).
    """
    return max(start - timedelta(days=1), issued_on)


def is_renewal(cut_off_at: datetime | None, *, start: date, zone: ZoneInfo) -> bool:
    """Whether a line from ``start`` on is a renewal: unpaid, it cuts before a day of it is used.

    Such a line can be redated; one that is used before it cuts is owed as it is.
    """
    return cut_off_at is not None and cut_off_at <= start_of_day(start, zone)


def redated(schedule: Schedule, *, start: date, paid_on: date, ends_on: date | None = None) -> Redated:
    """The period that a payment on ``paid_on`` buys when the renewal was for ``start`` on.

    Paid in time, or on the first day, it is the period as billed. Paid later, it starts on the
    day of payment: a full period from there (anniversary), or the rest of the running one
    (calendar), whose grid stays.

    Raises:
        Refused: the subscription ends before it would start.
    """
    first = max(start, paid_on)
    if paid_on > start and schedule.billing_day is None:
        schedule = Schedule(paid_on, schedule.interval)
    return Redated(schedule.anchor, schedule.slice_from(first, ends_on))
