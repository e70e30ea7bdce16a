"""Billing periods as pure functions of the anchor (rules T2, T3, T4, T5)."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from zoneinfo import ZoneInfo

from billing.rules.errors import Refused


class Unit(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


_MONTHS = {Unit.MONTH: 1, Unit.YEAR: 12}
_DAYS = {Unit.DAY: 1, Unit.WEEK: 7}


@dataclass(frozen=True)
class Interval:
    """``count`` units of time; a month is a calendar month, not 30 days (rule L5).

    Raises:
        Refused: a count below 1.
    """

    count: int
    unit: Unit

    def __post_init__(self) -> None:
        if self.count < 1:
            raise Refused(
                "An interval of {count} {unit} is no time at all. Enter 1 or more.", count=self.count, unit=self.unit
            )

    @property
    def months(self) -> int:
        """Length in calendar months, 0 for intervals of days and weeks."""
        return self.count * _MONTHS.get(self.unit, 0)

    @property
    def days(self) -> int:
        """Length in days, 0 for intervals of months and years."""
        return self.count * _DAYS.get(self.unit, 0)

    def after(self, anchor: date, n: int) -> date:
        """``anchor + n × interval``, clamped to the month's end, never chained (rule T3)."""
        if self.months:
            return _day_in(_month(anchor) + n * self.months, anchor.day)
        return anchor + timedelta(days=n * self.days)


@dataclass(frozen=True)
class Period:
    """The half-open days ``[start, end)`` (rule T2).

    ``full_days`` is the length of the full period that holds them: more than ``days`` when
    these are a part of it, such as the first days of a calendar plan (rules T4, M3).
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
    """The grid of full periods that tiles all time, before the anchor as well as after it.

    Without ``billing_day`` a period starts on the anchor (anniversary). With it, periods of
    months or years start on that day of the month, counted from the anchor's month (calendar).

    Raises:
        Refused: a billing day that is not from 1 to 31, or one for days and weeks.
    """

    anchor: date
    interval: Interval
    billing_day: int | None = None

    def __post_init__(self) -> None:
        if self.billing_day is not None and not (1 <= self.billing_day <= 31 and self.interval.months):
            raise Refused("Billing day: 1 to 31, for plans by the month or year; else leave it empty.")

    def period(self, n: int) -> Period:
        """The n-th period from the anchor on, counted from 0 (rule T3).

        Number 0 starts on the anchor, so that it is a part of a period when the anchor of a
        calendar plan is not its billing day (rule T4).
        """
        if self.interval.days:
            start, end = self.interval.after(self.anchor, n), self.interval.after(self.anchor, n + 1)
            return Period(start, end, self.interval.days)
        months, day = self.interval.months, self.billing_day or self.anchor.day
        month = _month(self.anchor) + n * months
        if _day_in(_month(self.anchor), day) > self.anchor:
            month -= months
        start, end = _day_in(month, day), _day_in(month + months, day)
        return Period(max(start, self.anchor) if n == 0 else start, end, (end - start).days)

    def holding(self, day: date) -> Period:
        """The full period that holds ``day``, a function of the grid and the day alone."""
        start, end = self._bounds(day)
        return Period(start, end, (end - start).days)

    def slice_from(self, start: date, until: date | None = None) -> Period:
        """What is billed next when everything before ``start`` is billed (rule B1).

        The days from ``start`` to the end of the period that holds it, or to ``until`` when
        that comes earlier. The first part of a calendar plan, the bridge after the anchor moved
        and the days after a hold are all slices, and lines that start where the last one ended
        leave no gap and no overlap, whatever the anchor was in between.

        Raises:
            Refused: ``until`` leaves no day.
        """
        first, end = self._bounds(start)
        full_days = (end - first).days
        if until is not None and until < end:
            if until <= start:
                raise Refused(
                    "It ends on {until}: from {start} on there is no day left to bill.", until=until, start=start
                )
            end = until
        return Period(start, end, full_days)

    def slices(self, start: date, until: date) -> Iterator[Period]:
        """The slices that tile ``[start, until)``; the last may be a part of a period."""
        while start < until:
            part = self.slice_from(start, until)
            yield part
            start = part.end

    def _bounds(self, day: date) -> tuple[date, date]:
        """First day of the period that holds ``day``, and of the one after it."""
        anchor, months = self.anchor, self.interval.months
        if not months:
            start = day - timedelta(days=(day - anchor).days % self.interval.days)
            return start, start + timedelta(days=self.interval.days)
        day_of_month = self.billing_day or anchor.day
        month = _month(day)
        month -= (month - _month(anchor)) % months
        start = _day_in(month, day_of_month)
        if start > day:
            return _day_in(month - months, day_of_month), start
        return start, _day_in(month + months, day_of_month)


def _month(day: date) -> int:
    """Number of the month since January of year 0."""
    return day.year * 12 + day.month - 1


@lru_cache(maxsize=1 << 15)  # 31 days of 88 years; a billing run asks for the same few hundred again and again
def _day_in(month: int, day: int) -> date:
    """Day ``day`` of a month, or the month's last one."""
    year, index = divmod(month, 12)
    return date(year, index + 1, min(day, monthrange(year, index + 1)[1]))


def local_day(instant: datetime, zone: ZoneInfo) -> date:
    """The date that people in ``zone`` write at an instant (rule T1)."""
    return instant.astimezone(zone).date()


@lru_cache(maxsize=1 << 12)
def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC, also where midnight does not exist (rule T5).

    In a gap, ``fold=0`` applies the offset from before the clock change, which is exactly the
    instant of the change.
    """
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)
