"""What the pages of bills, payments and credit notes show below their amounts."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from billing.admin.formatting import NONE, amount_cell, day, instant, link, percent, state_label
from billing.admin.panels import Panel, columns
from billing.models import Allocation, Bill, CreditNote, Payment

TAX_COLUMNS = columns(
    "Tax",
    "Percent",
    "Net",
    "Amount",
    amounts=("Percent", "Net", "Amount"),
)
PART_COLUMNS = columns(
    "Bill",
    "Status",
    "Allocated",
    "Amount",
    amounts=("Amount",),
)
NOTE_COLUMNS = columns(
    "Credit note",
    "Issued",
    "Kind",
    "Reason",
    "Amount",
    "Left as credit",
    amounts=("Amount", "Left as credit"),
)
REVERSAL_COLUMNS = columns(
    "When",
    "What",
    "Paid out by",
    "Reason",
    "By",
    "Amount",
    amounts=("Amount",),
)


def taxes_panel(document: Bill | CreditNote) -> Panel:
    """The tax of each rate of a document (rule M4)."""
    rows = [
        (
            _("{tax}, in the price").format(tax=tax.name) if tax.inclusive else tax.name,
            percent(tax.percent),
            amount_cell(tax.base, document.currency),
            amount_cell(tax.tax, document.currency),
        )
        for tax in document.taxes.order_by("pk")
    ]
    return Panel(_("Taxes"), TAX_COLUMNS, rows, empty=_("No tax."))


def part_rows(parts: Iterable[Allocation], currency: str) -> list[tuple[object, ...]]:
    """The rows under ``PART_COLUMNS``; a part that was taken back is negative."""
    return [
        (
            link(part.bill),
            state_label(part.bill.status),
            instant(part.allocated_at),
            amount_cell(part.amount, currency),
        )
        for part in parts
    ]


def note_rows(notes: Iterable[CreditNote]) -> list[tuple[object, ...]]:
    """The rows under ``NOTE_COLUMNS``."""
    return [
        (
            link(note),
            day(note.issued_on),
            capfirst(note.get_kind_display()),
            note.reason,
            amount_cell(note.total, note.currency),
            amount_cell(note.credit, note.currency),
        )
        for note in notes
    ]


def reversals_panel(source: Payment | CreditNote, title: str) -> Panel:
    """What took a payment or a credit note back."""
    rows = [
        (
            link(reversal, instant(reversal.reversed_at)),
            capfirst(reversal.get_kind_display()),
            reversal.get_method_display() or NONE,
            reversal.reason,
            reversal.reversed_by or NONE,
            amount_cell(reversal.amount, source.currency),
        )
        for reversal in source.reversals.select_related("reversed_by").order_by("pk")
    ]
    return Panel(title, REVERSAL_COLUMNS, rows, empty=_("Nothing."))
