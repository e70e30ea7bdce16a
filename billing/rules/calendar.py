"""When cuts may happen: a time of day, and days without cuts (rule E10). Pure: no clock, no tables."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from billing.rules.errors import Refused
from billing.rules.periods import local_day, start_of_day

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LETTERS = 3  # of a weekday, at least
MOST_DAYS_WITHOUT_CUTS = 366


@dataclass(frozen=True)
class WorkingCalendar:
    """The days and hours in which subscriptions may be cut, in the installation's zone.

    ``yearly`` are (month, day) pairs that come again each year; 29 February only in leap years.
    """

    zone: ZoneInfo
    cut_off_time: time = time.min
    free_weekdays: Collection[int] = frozenset()
    holidays: Collection[date] = frozenset()
    yearly: Collection[tuple[int, int]] = frozenset()

    def is_working_day(self, day: date) -> bool:
        return (
            day.weekday() not in self.free_weekdays
            and day not in self.holidays
            and (day.month, day.day) not in self.yearly
        )

    def allows_cuts(self, now: datetime) -> bool:
        """Whether cuts may happen at ``now``: on a working day, from its cut-off time on."""
        today = local_day(now, self.zone)
        return self.is_working_day(today) and now >= self._opens_at(today)

    def first_cut(self, cut_off: datetime) -> datetime:
        """The first instant from ``cut_off`` on at which the cut may happen."""
        day = local_day(cut_off, self.zone)
        for _ in range(MOST_DAYS_WITHOUT_CUTS):
            if self.is_working_day(day):
                return max(cut_off, self._opens_at(day))
            day += timedelta(days=1)
        raise Refused(
            "No day in a year after {cut_off} is a working day. Correct the holidays.", cut_off=f"{cut_off:%Y-%m-%d}"
        )

    def _opens_at(self, day: date) -> datetime:
        first = start_of_day(day, self.zone)
        if self.cut_off_time == time.min:
            return first
        # In UTC: two instants of one zone are compared by their wall clocks, which go back once a year.
        return max(first, datetime.combine(day, self.cut_off_time, tzinfo=self.zone).astimezone(UTC))


def parse_time(text: str) -> time:
    """A time of day such as ``09:30``. Raises Refused for anything else, such as 25:00."""
    try:
        return datetime.strptime(text.strip(), "%H:%M").time()  # noqa: DTZ007 - a time of day has no zone
    except ValueError as error:
        raise Refused("“{text}” is not a time of day between 00:00 and 23:59.", text=text) from error


def parse_weekdays(words: Collection[str]) -> frozenset[int]:
    """Weekdays from words such as ``fri`` and ``Saturday``, Monday being 0.

    Raises:
        Refused: a word that is no weekday, or all seven.
    """
    days = frozenset(_weekday(word) for word in words)
    if len(days) == len(WEEKDAYS):
        raise Refused("All seven weekdays are without cuts: nobody would ever be cut. Leave one out.")
    return days


def _weekday(word: str) -> int:
    text = word.strip().lower()
    for number, name in enumerate(WEEKDAYS):
        if len(text) >= LETTERS and name.startswith(text):
            return number
    raise Refused(
        "“{word}” is not a weekday. Write {name}.", word=word, name=", ".join(name[:LETTERS] for name in WEEKDAYS)
    )
