"""The writer of credit notes: lines and taxes first, then the note, which books the ledger (rules M10, M11)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import Sum
from django.utils.translation import gettext as _

from billing.models import Bill, BillLine, CreditNote, CreditNoteLine, CreditNoteTax, Customer
from billing.rules import tax
from billing.rules.errors import Refused
from billing.rules.money import rounded
from billing.services import clock, numbers, texts


@dataclass(frozen=True)
class Part:
    """What is taken back of a bill's line; with ``days`` because they are not used."""

    line: BillLine
    amount: Decimal
    days: tuple[date, date] | None = None
    frees_days: bool = False


def write(
    customer: Customer,
    kind: str,
    bill: Bill,
    parts: Sequence[Part],
    reason: str,
    *,
    now: datetime,
    by: Any,
    request_key: UUID | None = None,
) -> CreditNote:
    """Issue a note over ``parts`` of a bill of a locked customer; ``settlement.settle`` follows."""
    lines = [(part.amount, _rate(part.line)) for part in parts]
    totals = tax.credited(lines, _taxes_left(bill), bill.currency)
    left = rounded(bill.total - bill.credited, bill.currency)
    if totals.total > left:
        raise Refused(
            "Only {left} is left to credit of bill {bill}: a part was written off. Credit no more than that.",
            left=left,
            bill=bill,
        )
    note = _note(customer, kind, bill, totals, reason, now=now, by=by, request_key=request_key)
    CreditNoteLine.objects.bulk_create(_line(note, part) for part in parts)
    CreditNoteTax.objects.bulk_create(
        CreditNoteTax(
            credit_note=note,
            name=part.rate.name,
            percent=part.rate.percent,
            inclusive=part.rate.inclusive,
            base=part.base,
            tax=part.tax,
        )
        for part in totals.taxes
    )
    return _issue(note)


def write_plain(
    customer: Customer,
    kind: str,
    bill: Bill | None,
    amount: Decimal,
    reason: str,
    *,
    now: datetime,
    by: Any,
    request_key: UUID | None = None,
) -> CreditNote:
    """Issue a note of one untaxed amount to a locked customer; ``settlement.settle`` follows."""
    totals = tax.Totals(amount, Decimal(0), amount, ())
    note = _note(customer, kind, bill, totals, reason, now=now, by=by, request_key=request_key)
    CreditNoteLine.objects.create(credit_note=note, description=note.reason, amount=amount)
    return _issue(note)


def _note(
    customer: Customer,
    kind: str,
    bill: Bill | None,
    totals: tax.Totals,
    reason: str,
    *,
    now: datetime,
    by: Any,
    request_key: UUID | None,
) -> CreditNote:
    """The note with its id, not written yet: its lines come first."""
    reason = texts.checked(reason, longest=200, missing=_("Say why the credit is given."))
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('billing_creditnote', 'id'))")
        pk = cursor.fetchone()[0]
    return CreditNote(
        pk=pk,
        customer=customer,
        kind=kind,
        bill=bill,
        reason=reason,
        currency=settings.CURRENCY,
        net=totals.net,
        tax=totals.tax,
        total=totals.total,
        issued_at=now,
        issued_on=clock.local_date(now),
        issued_by=by,
        request_key=request_key,
        customer_code=customer.code,
        customer_name=customer.name,
        customer_address=customer.address,
        customer_tax_id=customer.tax_id,
        seller_name=settings.COMPANY_NAME,
        seller_address=settings.COMPANY_ADDRESS,
        seller_tax_id=settings.COMPANY_TAX_ID,
    )


def _issue(note: CreditNote) -> CreditNote:
    note.sequence, note.number = numbers.take("credit note", on=note.issued_on)
    note.save(force_insert=True)
    return note


def _line(note: CreditNote, part: Part) -> CreditNoteLine:
    line = part.line
    return CreditNoteLine(
        credit_note=note,
        bill_line=line,
        days=DateRange(*part.days) if part.days else None,
        frees_days=part.frees_days,
        description=line.description,
        amount=part.amount,
        tax_name=line.tax_name,
        tax_percent=line.tax_percent,
        tax_inclusive=line.tax_inclusive,
    )


def _rate(line: BillLine) -> tax.Rate | None:
    if line.tax_percent is None:
        return None
    return tax.Rate(line.tax_name, line.tax_percent, line.tax_inclusive)


def _taxes_left(bill: Bill) -> list[tax.TaxTotal]:
    """What is left of each tax of the bill after its earlier credit notes."""
    by_rate = ("name", "percent", "inclusive")
    earlier = CreditNoteTax.objects.filter(credit_note__bill=bill).values(*by_rate).order_by()
    taken = {
        (row["name"], row["percent"], row["inclusive"]): (row["bases"], row["taxes"])
        for row in earlier.annotate(bases=Sum("base"), taxes=Sum("tax"))
    }
    left = []
    for row in bill.taxes.all():
        base, amount = taken.get((row.name, row.percent, row.inclusive), (Decimal(0), Decimal(0)))
        left.append(tax.TaxTotal(tax.Rate(row.name, row.percent, row.inclusive), row.base - base, row.tax - amount))
    return left
