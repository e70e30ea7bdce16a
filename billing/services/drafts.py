"""Bills before they are issued: lines and items put together, with their dates and totals (rules B3, B4, M4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.conf import settings

from billing.models import Item, TaxRate
from billing.rules import access as access_rules
from billing.rules import tax
from billing.services import terms
from billing.services.outlook import Proposal


@dataclass(frozen=True, slots=True)
class BillDraft:
    """A bill to be issued: what it charges, and until when it is to be paid."""

    customer_id: int
    proposals: Sequence[Proposal]
    items: Sequence[Item]
    due_on: date
    cut_offs: Sequence[datetime]
    totals: tax.Totals


def draft(customer_id: int, proposals: Sequence[Proposal], items: Sequence[Item] = (), *, issued_on: date) -> BillDraft:
    """One bill for all of ``proposals`` and ``items``; the latest of their due dates is that of the bill."""
    due_on = max(
        (terms.due_on(proposal.plan, proposal.period, issued_on) for proposal in proposals),
        default=access_rules.due_on(issued_on, settings.DUE_DAYS),
    )
    lines: list[tax.Line] = [(proposal.amount, _rate(proposal.plan.tax_rate)) for proposal in proposals]
    lines += [(item.amount, _rate(item.tax_rate)) for item in items]
    cut_offs = [terms.cut_off_at(proposal.plan, due_on) for proposal in proposals]
    return BillDraft(customer_id, proposals, items, due_on, cut_offs, _totals(tuple(lines), settings.CURRENCY))


def waiting_items(customer_ids: Sequence[int]) -> list[Item]:
    """The one-off items that wait for the next bill of these customers (rule B4)."""
    items = Item.objects.filter(customer__in=customer_ids, bill=None, withdrawn_at=None)
    return list(items.select_related("tax_rate").order_by("pk"))


_totals = lru_cache(maxsize=1 << 12)(tax.totals)  # thousands of bills have the same few lines


def _rate(row: TaxRate | None) -> tax.Rate | None:
    return None if row is None else row.rate
