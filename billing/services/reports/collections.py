"""Money received and given back, by day, method, member of staff and area (rule S8)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Sum

from billing.models import Area, CollectedDay
from billing.services.reports import kept

COLUMNS = ("day", "area_id", "method", "staff_id", "payments", "received", "returned")
BY = {"day": ("day",), "method": ("method",), "staff": ("staff__username",), "area": ("area__name",)}

# A correction of credit that was given is no money; a refund of a credit note is.
COUNTED = """
    SELECT day, area_id, method, staff_id, sum(payments), sum(received), sum(returned) FROM (
        SELECT received_on, customer_id, method, received_by_id, 1, amount, 0
        FROM billing_payment
        WHERE received_at >= %(from)s AND received_at < %(to)s AND received_on >= %(since)s AND received_on < %(until)s
        UNION ALL
        SELECT reversed_on, reversal.customer_id, coalesce(nullif(reversal.method, ''), payment.method, 'other'),
            reversed_by_id, 0, 0, reversal.amount
        FROM billing_reversal reversal LEFT JOIN billing_payment payment ON payment.id = reversal.payment_id
        WHERE reversed_on >= %(since)s AND reversed_on < %(until)s
            AND (reversal.payment_id IS NOT NULL OR kind = 'refund')
    ) AS movement (day, customer_id, method, staff_id, payments, received, returned)
    JOIN billing_customer customer ON customer.id = customer_id
    GROUP BY day, area_id, method, staff_id
"""


class Collected(NamedTuple):
    """What was collected under one ``head``: a day, a method, a member of staff or an area, None without one."""

    head: Any
    payments: int
    received: Decimal
    returned: Decimal

    @property
    def net(self) -> Decimal:
        return self.received - self.returned


def count(days: kept.Days) -> int:
    """Count these days anew; how many rows."""
    where = "day >= %(since)s AND day < %(until)s"
    return kept.replace(CollectedDay, COLUMNS, COUNTED, where, days.parameters)


def by(what: str, since: date, until: date, *, area: Area | None = None, method: str = "") -> list[Collected]:
    """One row for each of ``BY[what]`` from ``since`` through ``until``, in order."""
    [column] = BY[what]
    rows = CollectedDay.objects.filter(day__range=(since, until), **kept.of_area(area))
    if method:
        rows = rows.filter(method=method)
    sums = rows.values(column).order_by(column).annotate(Sum("payments"), Sum("received"), Sum("returned"))
    return [Collected(*row) for row in sums.values_list(column, "payments__sum", "received__sum", "returned__sum")]


def total(since: date, until: date, *, area: Area | None = None) -> Collected:
    """All of it from ``since`` through ``until``."""
    rows = CollectedDay.objects.filter(day__range=(since, until), **kept.of_area(area))
    found = rows.aggregate(Sum("payments"), Sum("received"), Sum("returned"))
    nothing = Decimal(0)
    return Collected(
        None, found["payments__sum"] or 0, found["received__sum"] or nothing, found["returned__sum"] or nothing
    )
