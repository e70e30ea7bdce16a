"""Bills and credit notes as papers, however many in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from django.db.models import QuerySet

from billing.documents.letterhead import seller_on
from billing.documents.papers import Paper, language_of
from billing.documents.payment_code import way_to_pay
from billing.models import Bill, CreditNote

Row = TypeVar("Row", Bill, CreditNote)


def bill(row: Bill) -> Paper:
    """The paper of an issued bill."""
    return next(iter(bills([row.pk])))


def bills(ids: Iterable[int]) -> list[Paper]:
    """The papers of the issued bills with these ids, in the order of ``ids``."""
    return [_bill(row) for row in _in_order(Bill.objects.exclude(status=Bill.Status.DRAFT), ids)]


def credit_note(row: CreditNote) -> Paper:
    """The paper of a credit note."""
    note = _in_order(CreditNote.objects.select_related("bill"), [row.pk])[0]
    return Paper(
        template="credit_note.html",
        name=f"credit-note-{note}",
        language=language_of(note.customer),
        content={
            "document": note,
            "seller": seller_on(note),
            "lines": note.lines.all(),
            "taxes": note.taxes.all(),
        },
    )


def _bill(row: Bill) -> Paper:
    return Paper(
        template="bill.html",
        name=f"bill-{row}",
        language=language_of(row.customer),
        content={
            "document": row,
            "seller": seller_on(row),
            "lines": row.lines.all(),
            "taxes": row.taxes.all(),
            "way_to_pay": way_to_pay(row),
        },
    )


def _in_order(rows: QuerySet[Row], ids: Iterable[int]) -> list[Row]:
    wanted = list(ids)
    found = rows.select_related("customer").prefetch_related("lines", "taxes").in_bulk(wanted)
    return [found[pk] for pk in wanted if pk in found]
