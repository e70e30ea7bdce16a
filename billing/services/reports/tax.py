"""Tax by rate and month (rule S8)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from billing.models import Area, TaxDay
from billing.services.reports import entries, kept
from billing.services.reports.documents import DOCUMENTS, LINES

COLUMNS = ("day", "area_id", "name", "percent", "base", "tax", "base_back", "tax_back")
SUMS = ("base", "tax", "base_back", "tax_back")

COUNTED = f"""
    WITH {DOCUMENTS}, {LINES}
    SELECT day, area_id, movement.name, percent,
        coalesce(sum(base) FILTER (WHERE NOT back), 0), coalesce(sum(tax) FILTER (WHERE NOT back), 0),
        coalesce(sum(base) FILTER (WHERE back), 0), coalesce(sum(tax) FILTER (WHERE back), 0)
    FROM (
        SELECT bill.day, customer_id, name, percent, base, tax, bill.voids
        FROM bill JOIN billing_billtax part ON part.bill_id = bill.id
        UNION ALL
        SELECT note.day, customer_id, name, percent, base, tax, true
        FROM note JOIN billing_creditnotetax part ON part.credit_note_id = note.id
        UNION ALL
        SELECT day, customer_id, '', NULL, net, 0, kind = 'voided' FROM line WHERE percent IS NULL
        UNION ALL
        SELECT day, customer_id, '', NULL, net, 0, true FROM credit WHERE percent IS NULL AND kind = 'credited'
    ) AS movement (day, customer_id, name, percent, base, tax, back)
    JOIN billing_customer customer ON customer.id = customer_id
    GROUP BY day, area_id, movement.name, percent
"""  # noqa: S608  (names of ours)


class Taxed(NamedTuple):
    """What was billed in one month at one rate, and taken back; ``percent`` is None where there is no tax."""

    month: date
    name: str
    percent: Decimal | None
    base: Decimal
    tax: Decimal
    base_back: Decimal
    tax_back: Decimal

    @property
    def net_base(self) -> Decimal:
        return self.base - self.base_back

    @property
    def net_tax(self) -> Decimal:
        return self.tax - self.tax_back


def count(days: kept.Days) -> int:
    """Count these days anew; how many rows."""
    where = "day >= %(since)s AND day < %(until)s"
    return kept.replace(TaxDay, COLUMNS, COUNTED, where, {**days.parameters, **entries.ALL})


def add(days: kept.Days, new: entries.New) -> int:
    """Count what was booked on these days since the last time, beside what is counted; how many rows."""
    return kept.add(TaxDay, COLUMNS, COUNTED, {**days.parameters, **new.parameters})


def by_month(since: date, until: date, *, area: Area | None = None) -> list[Taxed]:
    """One row for each month and rate from ``since`` through ``until``, in order."""
    rows = TaxDay.objects.filter(day__range=(since, until), **kept.of_area(area)).annotate(month=TruncMonth("day"))
    keys = ("month", "name", "percent")
    sums = rows.values(*keys).order_by(*keys).annotate(*(Sum(name) for name in SUMS))
    return [Taxed(*row) for row in sums.values_list(*keys, *(f"{name}__sum" for name in SUMS))]
