"""Who has access, told from dates alone: slow, plain, and written without the code that it judges.

What a customer owes is read from bills and allocations, what was agreed from promises and
exclusions. No instant is stored and no query decides: each question is answered from the start.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.db import connection

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

_BILLS = """
    SELECT bill.customer_id, bill.id, due_on, total - coalesce((
        SELECT sum(amount) FROM billing_allocation allocation WHERE allocation.bill_id = bill.id
    ), 0), line.subscription_id, coalesce(customer.grace_days, plan.grace_days)
    FROM billing_bill bill JOIN billing_billline line ON line.bill_id = bill.id
    JOIN billing_customer customer ON customer.id = bill.customer_id JOIN billing_plan plan ON plan.id = plan_id
    WHERE bill.customer_id = ANY(%s) AND status = 'open'
"""
_DEFERRALS = """
    SELECT customer_id, until FROM billing_promise WHERE customer_id = ANY(%(ids)s) AND ended_at IS NULL
    UNION ALL
    SELECT customer_id, until FROM billing_exclusion WHERE customer_id = ANY(%(ids)s) AND ended_at IS NULL
"""


class Line(NamedTuple):
    """A subscription on an unpaid bill: its last day to pay, its days of grace, and what is left of the bill."""

    bill: int
    due_on: date
    left: Decimal
    subscription: int
    grace_days: int

    def is_past(self, today: date) -> bool:
        return (today - self.due_on).days > self.grace_days


@dataclass
class PlainModel:
    """What should be: ``off`` are the subscriptions without access."""

    zone: ZoneInfo
    free_weekdays: Collection[str]
    holidays: Collection[date]
    cut_off_time: time
    minimum: Decimal
    subscriptions: dict[int, list[int]]  # of each customer
    followed: Decimal = Decimal(0)
    off: set[int] = field(default_factory=set)
    lines: dict[int, list[Line]] = field(default_factory=dict)
    last_days: dict[int, list[date | None]] = field(default_factory=dict)

    def look_again(self, customers: Collection[int], now: datetime) -> None:
        """Something happened to these customers: who is not overdue has access at once."""
        self._read(list(customers))
        for customer in customers:
            self._bring_back(customer, now)

    def sweep(self, now: datetime) -> None:
        """An expiry check: who is overdue loses access, if this is a time for cuts; another minimum is followed."""
        if self.minimum != self.followed:
            self.followed = self.minimum
            for customer in self.subscriptions:
                self._bring_back(customer, now)
        if self.allows_cuts(now):
            self.off |= self.overdue(now)

    def overdue(self, now: datetime) -> set[int]:
        today = now.astimezone(self.zone).date()
        return {one for customer, lines in self.lines.items() if lines for one in self._overdue_of(customer, today)}

    def allows_cuts(self, now: datetime) -> bool:
        local = now.astimezone(self.zone)
        is_working_day = WEEKDAYS[local.weekday()] not in self.free_weekdays and local.date() not in self.holidays
        return is_working_day and local.time() >= self.cut_off_time

    def _bring_back(self, customer: int, now: datetime) -> None:
        if not self.off.isdisjoint(self.subscriptions[customer]):
            overdue = self._overdue_of(customer, now.astimezone(self.zone).date())
            self.off -= {one for one in self.subscriptions[customer] if one not in overdue}

    def _overdue_of(self, customer: int, today: date) -> set[int]:
        if any(last_day is None or today <= last_day for last_day in self.last_days.get(customer, ())):
            return set()
        past = [line for line in self.lines.get(customer, ()) if line.is_past(today)]
        debt = sum({line.bill: line.left for line in past}.values())
        return {line.subscription for line in past} if debt > self.minimum else set()

    def _read(self, customers: list[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_BILLS, [customers])
            lines = _grouped((row[0], Line(*row[1:])) for row in cursor.fetchall())
            cursor.execute(_DEFERRALS, {"ids": customers})
            last_days = _grouped(cursor.fetchall())
        for customer in customers:
            self.lines[customer], self.last_days[customer] = lines[customer], last_days[customer]


def _grouped(rows: Iterable[tuple]) -> dict[int, list]:
    groups: dict[int, list] = defaultdict(list)
    for key, value in rows:
        groups[key].append(value)
    return groups
