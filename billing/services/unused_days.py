"""Credit for billed days that are not used: after a change of plan, a hold or the end (rule M3)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.backends.postgresql.psycopg_any import DateRange

from billing.models import BillLine, CreditNote, Customer
from billing.rules.money import smallest
from billing.rules.proration import Standing, unused
from billing.services import crediting
from billing.services.crediting import Part


def credit_days(
    customer: Customer,
    lines: Sequence[BillLine],
    first: date,
    end: date | None = None,
    *,
    reason: str,
    frees_days: bool,
    now: datetime,
    by: Any = None,
) -> list[CreditNote]:
    """Credit the days from ``first`` to before ``end`` of recurring ``lines`` of a locked customer, a note each.

    With ``frees_days`` they can be billed again; then they are worth the smallest amount at least, so
    that a note stands behind them. Days of a bill that was written off are worth nothing any more.
    Nothing is settled yet.
    """
    notes = []
    for line in lines:
        start, stop = max(first, line.period.lower), min(end or date.max, line.billed_days.upper)
        if start >= stop:
            continue
        amount = _worth(line, start, stop, at_least=smallest(settings.CURRENCY) if frees_days else Decimal(0))
        if amount > 0:
            parts = [Part(line, amount, (start, stop), frees_days)]
            notes.append(crediting.write(customer, CreditNote.Kind.UNUSED, line.bill, parts, reason, now=now, by=by))
        elif frees_days:
            _give_back(line, start)
    return notes


def lines_from(subscription_id: int, day: date) -> list[BillLine]:
    """The recurring lines that bill a subscription on ``day`` or later, the latest first."""
    lines = BillLine.objects.filter(subscription=subscription_id, billed_days__isempty=False)
    return list(lines.filter(billed_days__endswith__gt=day).select_related("bill").order_by("-billed_days"))


def _worth(line: BillLine, start: date, stop: date, *, at_least: Decimal) -> Decimal:
    if line.bill.credit_notes.filter(kind=CreditNote.Kind.WRITE_OFF).exists():
        return Decimal(0)
    standing = _standing(line)
    amount = unused(standing, start=start, end=stop, currency=settings.CURRENCY)
    return min(max(amount, at_least), standing.left)


def _give_back(line: BillLine, first: date) -> None:
    """Free the days of a line that are worth nothing: there is nothing to write a note on."""
    kept = DateRange(line.period.lower, first) if line.period.lower < first else DateRange(empty=True)
    BillLine.objects.filter(pk=line.pk).update(billed_days=kept)


def _standing(line: BillLine) -> Standing:
    credited = line.credits.filter(days__isnull=False).values_list("days", flat=True)
    return Standing(
        amount=line.amount,
        start=line.period.lower,
        end=line.period.upper,
        credited=line.credited,
        credited_days=sum((days.upper - days.lower).days for days in credited if days),
    )
