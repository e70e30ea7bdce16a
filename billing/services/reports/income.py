"""Income without tax, by plan, area and month (rule S8)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Sum
from django.db.models.functions import TruncMonth

from billing.models import Area, IncomeDay, Plan
from billing.services.reports import entries, kept
from billing.services.reports.documents import DOCUMENTS, LINES

COLUMNS = ("day", "area_id", "plan_id", "billed", "voided", "credited", "given_up")
BY = {"plan": "plan__name", "area": "area__name", "month": "month"}
SUMS = {name: Sum(name) for name in ("billed", "voided", "credited", "given_up")}

COUNTED = f"""
    WITH {DOCUMENTS}, {LINES}
    SELECT day, area_id, plan_id, coalesce(sum(net) FILTER (WHERE kind = 'billed'), 0),
        coalesce(sum(net) FILTER (WHERE kind = 'voided'), 0), coalesce(sum(net) FILTER (WHERE kind = 'credited'), 0),
        coalesce(sum(net) FILTER (WHERE kind = 'given up'), 0)
    FROM (
        SELECT day, customer_id, plan_id, kind, net FROM line
        UNION ALL
        SELECT day, customer_id, plan_id, kind, net FROM credit
        UNION ALL
        SELECT day, customer_id, NULL, 'given up', -amount FROM taken_back
    ) AS movement
    JOIN billing_customer customer ON customer.id = customer_id
    GROUP BY day, area_id, plan_id
"""  # noqa: S608  (names of ours)


class Income(NamedTuple):
    """What was earned under one ``head``: a plan, an area or the first day of a month, None without one."""

    head: Any
    billed: Decimal
    voided: Decimal
    credited: Decimal
    given_up: Decimal

    @property
    def net(self) -> Decimal:
        return self.billed - self.voided - self.credited - self.given_up


def count(days: kept.Days) -> int:
    """Count these days anew; how many rows."""
    where = "day >= %(since)s AND day < %(until)s"
    return kept.replace(IncomeDay, COLUMNS, COUNTED, where, {**days.parameters, **entries.ALL})


def add(days: kept.Days, new: entries.New) -> int:
    """Count what was booked on these days since the last time, beside what is counted; how many rows."""
    return kept.add(IncomeDay, COLUMNS, COUNTED, {**days.parameters, **new.parameters})


def by(what: str, since: date, until: date, *, area: Area | None = None, plan: Plan | None = None) -> list[Income]:
    """One row for each of ``BY[what]`` from ``since`` through ``until``, in order."""
    rows = IncomeDay.objects.filter(day__range=(since, until), **kept.of_area(area))
    if plan:
        rows = rows.filter(plan=plan.pk)
    if what == "month":
        rows = rows.annotate(month=TruncMonth("day"))
    sums = rows.values(BY[what]).order_by(BY[what]).annotate(**{f"{name}_sum": of for name, of in SUMS.items()})
    return [Income(*row) for row in sums.values_list(BY[what], *(f"{name}_sum" for name in SUMS))]
