"""What is left to pay of open bills, by age, and what of it is expected within the next days (rule S8)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.db import connection
from django.db.models import Sum

from billing.models import Area, FiguresCount, OpenDay
from billing.services import clock
from billing.services.reports import kept

EXPECTED_DAYS = 7
# Days past the due date at which each age begins; what is not due yet is current.
AGES = (None, 1, 31, 61, 91)

COUNTED = """
    SELECT due_on, area_id, count(*), sum(total - allocated)
    FROM billing_bill bill JOIN billing_customer customer ON customer.id = customer_id
    WHERE status = 'open' AND allocated < total
    GROUP BY due_on, area_id
"""
_CREDIT = """
    SELECT coalesce(sum(amount), 0) FROM (
        SELECT amount - allocated - returned FROM billing_payment WHERE amount > allocated + returned
        UNION ALL
        SELECT total - allocated - returned FROM billing_creditnote WHERE total > allocated + returned
    ) AS unused (amount)
"""
_DEBTORS = """
    SELECT customer_code, customer_name, area_name, ages[1], ages[2], ages[3], ages[4], ages[5], total FROM (
        SELECT customer.code, customer.name, coalesce(area.name, ''), array[
            sum(rest) FILTER (WHERE late < 1), sum(rest) FILTER (WHERE late BETWEEN 1 AND 30),
            sum(rest) FILTER (WHERE late BETWEEN 31 AND 60), sum(rest) FILTER (WHERE late BETWEEN 61 AND 90),
            sum(rest) FILTER (WHERE late > 90)
        ], sum(rest)
        FROM (
            SELECT customer_id, total - allocated, %(today)s - due_on FROM billing_bill
            WHERE status = 'open' AND allocated < total
        ) AS bill (customer_id, rest, late)
        JOIN billing_customer customer ON customer.id = customer_id
        LEFT JOIN billing_area area ON area.id = area_id
        WHERE %(area)s IS NULL OR area_id = %(area)s
        GROUP BY customer.id, area.id
    ) AS debtor (customer_code, customer_name, area_name, ages, total)
    ORDER BY total DESC, customer_code
"""
_PROMISED = """
    SELECT until, count(*), sum(total - allocated)
    FROM (
        SELECT promise.customer_id, max(until) FROM billing_promise promise
        WHERE ended_at IS NULL AND not_before > %(now)s GROUP BY promise.customer_id
    ) AS promise (customer_id, until)
    JOIN billing_bill bill ON bill.customer_id = promise.customer_id AND status = 'open' AND due_on < %(today)s
    JOIN billing_customer customer ON customer.id = bill.customer_id
    WHERE until BETWEEN %(today)s AND %(last)s AND (%(area)s IS NULL OR area_id = %(area)s)
    GROUP BY until
"""


@dataclass(frozen=True)
class Open:
    """Open bills, and what is left to pay of them."""

    bills: int = 0
    amount: Decimal = Decimal(0)

    def __add__(self, other: Open) -> Open:
        return Open(self.bills + other.bills, self.amount + other.amount)


class Debtor(NamedTuple):
    """A customer with what is left to pay by age."""

    code: str
    name: str
    area: str
    current: Decimal | None
    to_30: Decimal | None
    to_60: Decimal | None
    to_90: Decimal | None
    older: Decimal | None
    total: Decimal


class Expected(NamedTuple):
    """What is to come on one day: of bills that are due then, and of debts that are promised until then."""

    day: date
    due: Open
    promised: Open


def count(now: datetime) -> int:
    """Count all open bills anew; how many rows."""
    columns = ("due_on", "area_id", "bills", "amount")
    rows = kept.replace(OpenDay, columns, COUNTED, "true", {})
    with connection.cursor() as cursor:
        cursor.execute(_CREDIT)
        FiguresCount.objects.update(credit=cursor.fetchone()[0])
    return rows


def by_age(today: date, *, area: Area | None = None) -> list[Open]:
    """The open bills in the order of ``AGES``."""
    ages = [Open() for _ in AGES]
    for due_on, found in _by_due_date(area):
        late = (today - due_on).days
        ages[sum(late >= first for first in AGES if first)] += found
    return ages


def by_area(today: date) -> dict[str, list[Open]]:
    """The open bills by age for each area; customers without one are under an empty name."""
    found: dict[str, list[Open]] = {}
    rows = OpenDay.objects.values("area__name", "due_on").order_by("area__name")
    for name, due_on, bills, amount in rows.annotate(Sum("bills"), Sum("amount")).values_list(
        "area__name", "due_on", "bills__sum", "amount__sum"
    ):
        ages = found.setdefault(name or "", [Open() for _ in AGES])
        ages[sum((today - due_on).days >= first for first in AGES if first)] += Open(bills, amount)
    return found


def debtors(today: date, *, area: Area | None = None) -> Iterator[Debtor]:
    """The customers who owe, who owes most first; read from the bills themselves."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_DEBTORS, {"today": today, "area": area.pk if area else None})
        yield from (Debtor(*row) for row in cursor)


def expected(now: datetime, *, area: Area | None = None) -> list[Expected]:
    """One row for each of the next ``EXPECTED_DAYS`` days, today among them."""
    today = clock.local_date(now)
    days = [today + timedelta(days=ahead) for ahead in range(EXPECTED_DAYS)]
    due = dict(_by_due_date(area, since=days[0], until=days[-1]))
    parameters = {"now": now, "today": today, "last": days[-1], "area": area.pk if area else None}
    with connection.cursor() as cursor:
        cursor.execute(_PROMISED, parameters)
        promised = {day: Open(bills, amount) for day, bills, amount in cursor.fetchall()}
    return [Expected(day, due.get(day, Open()), promised.get(day, Open())) for day in days]


def _by_due_date(area: Area | None, *, since: date = date.min, until: date = date.max) -> Iterator[tuple[date, Open]]:
    rows = OpenDay.objects.filter(due_on__range=(since, until), **kept.of_area(area)).values("due_on")
    for due_on, bills, amount in rows.annotate(Sum("bills"), Sum("amount")).values_list(
        "due_on", "bills__sum", "amount__sum"
    ):
        yield due_on, Open(bills, amount)
