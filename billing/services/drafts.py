"""Bills before they are issued: lines and items put together, with their dates and totals (rules B3, B4, M4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache

from django.conf import settings

from billing.models import Item, TaxRate
from billing.rules import tax
from billing.services import terms
from billing.services.outlook import Proposal


@dataclass(frozen=True, slots=True)
class BillDraft:
    """A bill to be issued: what it charges, and until when it is to be paid.

    ``cut_offs`` are those of ``proposals``; ``items_cut_off`` is set when one-off items cut (rule E5).
    """

    customer_id: int
    proposals: Sequence[Proposal]
    items: Sequence[Item]
    due_on: date
    cut_offs: Sequence[datetime]
    items_cut_off: datetime | None
    totals: tax.Totals


def draft(customer_id: int, proposals: Sequence[Proposal], items: Sequence[Item] = (), *, issued_on: date) -> BillDraft:
    """One bill for all of ``proposals`` and ``items``; the latest of their due dates is that of the bill."""
    customer = proposals[0].service.customer_terms if proposals else terms.of_customer(customer_id)
    due_on = max(
        (terms.due_on(proposal.plan, proposal.period, issued_on, customer) for proposal in proposals),
        default=terms.items_due_on(issued_on, customer),
    )
    lines: list[tax.Line] = [(proposal.amount, _rate(proposal.plan.tax_rate)) for proposal in proposals]
    lines += [(item.amount, _rate(item.tax_rate)) for item in items]
    cut_offs = [terms.cut_off_at(proposal.plan, due_on, customer) for proposal in proposals]
    items_cut = settings.ONE_OFF_BILLS_CUT and not proposals
    items_cut_off = terms.cut_off_at(None, due_on, customer) if items_cut else None
    totals = _totals(tuple(lines), settings.CURRENCY)
    return BillDraft(customer_id, proposals, items, due_on, cut_offs, items_cut_off, totals)


def waiting_items(customer_ids: Sequence[int]) -> list[Item]:
    """The one-off items that wait for the next bill of these customers (rule B4)."""
    items = Item.objects.filter(customer__in=customer_ids, bill=None, withdrawn_at=None)
    return list(items.select_related("tax_rate").order_by("pk"))


_totals = lru_cache(maxsize=1 << 12)(tax.totals)  # thousands of bills have the same few lines


def _rate(row: TaxRate | None) -> tax.Rate | None:
    return None if row is None else row.rate
