"""The report of a cash shift, for the folder of the books: what came in by each way to pay, and the count (Z report).

It is for the house, so it speaks the language of who asks for it, as the pages of staff do.
"""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from billing.documents.letterhead import seller_today
from billing.documents.papers import Paper
from billing.models import CashMovement, CashShift, Payment
from billing.services import cash

SIZES = ("a4", "roll")


def report(row: CashShift, *, size: str = "a4") -> Paper:
    """The paper of a shift; of an open one what there is until now."""
    methods = cash.by_method(row)
    return Paper(
        template="shift_report_roll.html" if size == "roll" else "shift_report.html",
        name=f"shift-{row.pk}",
        language=get_language() or settings.LANGUAGE_CODE,
        size=size,
        content={
            "shift": row,
            "seller": seller_today(),
            "currency": settings.CURRENCY,
            "methods": [(Payment.Method(one.method).label, one, one.taken - one.back) for one in methods],
            "drawer": _drawer(row, methods),
            "expected": cash.drawer(row),
            "difference": None if row.counted is None else row.counted - (row.expected or Decimal(0)),
            "pieces": [(value, count, Decimal(value) * count) for value, count in row.pieces.items()],
        },
    )


def _drawer(row: CashShift, methods: list[cash.OfMethod]) -> list[tuple[str, Decimal]]:
    """What moved the cash, by what it was: it adds up to what the drawer should hold."""
    of_cash = [one for one in methods if one.method == Payment.Method.CASH]
    lines = [(_("Float"), row.opening_float), (_("Cash payments"), sum((one.taken for one in of_cash), Decimal(0)))]
    lines.append((_("Cash taken back or paid out"), -sum((one.back for one in of_cash), Decimal(0))))
    for one in row.movements.all():
        is_in = one.kind == CashMovement.Kind.PAY_IN
        lines.append((f"{capfirst(one.get_kind_display())}: {one.reason}", one.amount if is_in else -one.amount))
    return lines
