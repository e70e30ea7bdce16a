"""Billing periods as pure functions of the anchor (rules T2, T3, T4, T5)."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True)
class Interval:
    """``count`` units of time; a month is a calendar month, not 30 days (rule L5)."""

    count: int
    unit: Unit

    @property
    def months(self) -> int:
        """Length in calendar months, 0 for intervals of days and weeks."""
        return {Unit.MONTH: self.count, Unit.YEAR: 12 * self.count}.get(self.unit, 0)

    def after(self, anchor: date, n: int) -> date:
        """``anchor + n × interval``, clamped to the month's end, never chained (rule T3)."""
        if self.months:
            return anchor + relativedelta(months=n * self.months)
        days = self.count * (7 if self.unit is Unit.WEEK else 1)
        return anchor + timedelta(days=n * days)


@dataclass(frozen=True)
class Period:
    """The half-open days ``[start, end)`` (rule T2).

    ``full_days`` is the length of the full period which holds it: more than ``days`` only for
    the first part of a calendar plan (rules T4, M3).
    """

    start: date
    end: date
    full_days: int

    @property
    def days(self) -> int:
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day inclusive, as people are shown it."""
        return self.end - timedelta(days=1)


@dataclass(frozen=True)
class Schedule:
    """All periods of a subscription from its start, interval and billing day.

    Without ``billing_day`` the start is the anchor (anniversary). With it, period 0 is the part
    from the start to the next billing day, and full periods follow (calendar).
    """

    start: date
    interval: Interval
    billing_day: int | None = None

    def period(self, n: int) -> Period:
        """Period ``n``, counted from 0; a function of the anchor and n alone (rule T3)."""
        if self.billing_day is None:
            start, end = self.interval.after(self.start, n), self.interval.after(self.start, n + 1)
            return Period(start, end, (end - start).days)
        start, end = self._billing_date(self.billing_day, n), self._billing_date(self.billing_day, n + 1)
        return Period(max(start, self.start), end, (end - start).days)

    def _billing_date(self, day: int, n: int) -> date:
        """The n-th billing date, where number 0 is the last one on or before the start."""
        months_back = 0 if _on_day(self.start, day) <= self.start else 1
        month = self.start.replace(day=1) + relativedelta(months=n * self.interval.months - months_back)
        return _on_day(month, day)


def _on_day(month: date, day: int) -> date:
    return month.replace(day=min(day, monthrange(month.year, month.month)[1]))


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC, also where midnight does not exist (rule T5).

    In a gap, ``fold=0`` applies the offset from before the clock change, which is exactly the
    instant of the change.
    """
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
