"""A customer's account as a running balance, for any days (rule M5).

It is read from the ledger in one statement, so that the opening balance, the entries and the
closing balance are of one instant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple, cast

from django.db import connection
from django.utils.text import capfirst

from billing.models import Customer, LedgerEntry, Reversal
from billing.rules.errors import Refused
from billing.services import clock, spreadsheets, wording
from billing.words import gettext_lazy

OPENING, CLOSING = gettext_lazy("Opening balance"), gettext_lazy("Closing balance")
FETCHED = 500  # rows at a time
COLUMNS = ("date", "entry", "document", "debit", "credit", "balance")

# The balance runs over the whole account; only then are the days chosen. A reversal is shown with what it takes back.
_LINES = """
    WITH account AS (
        SELECT *, sum(amount) OVER (ORDER BY booked_on, id) AS balance
        FROM billing_ledgerentry WHERE customer_id = %(customer)s AND booked_on <= %(until)s
    )
    SELECT NULL::date AS day, NULL::bigint AS id, '', '', '', '', NULL::bigint, NULL::numeric, coalesce(sum(amount), 0)
    FROM account WHERE booked_on < %(since)s
    UNION ALL
    SELECT booked_on, entry.id, entry.kind, coalesce(reversal.kind, ''),
        coalesce(bill.number, payment.number, note.number),
        CASE WHEN bill.id IS NOT NULL THEN 'bill' WHEN payment.id IS NOT NULL THEN 'payment' ELSE 'creditnote' END,
        coalesce(bill.id, payment.id, note.id), entry.amount, balance
    FROM account entry
    LEFT JOIN billing_reversal reversal ON reversal.id = entry.reversal_id
    LEFT JOIN billing_bill bill ON bill.id = entry.bill_id
    LEFT JOIN billing_payment payment ON payment.id = coalesce(entry.payment_id, reversal.payment_id)
    LEFT JOIN billing_creditnote note ON note.id = coalesce(entry.credit_note_id, reversal.credit_note_id)
    WHERE booked_on >= %(since)s
    ORDER BY day NULLS FIRST, id
"""


class Line(NamedTuple):
    """One line of a statement; ``debit`` and ``credit`` of the closing line are the sums of all lines.

    ``number`` and ``document`` are of the bill, payment or credit note behind it: the model's name
    and the row's id; ``text`` is translated when it is shown. A balance above zero is owed, below zero
    it is the customer's credit.
    """

    day: date
    text: str
    number: str
    document: tuple[str, int] | None
    debit: Decimal | None
    credit: Decimal | None
    balance: Decimal


def first_day(customer: Customer) -> date:
    """The day of the first entry of a customer's account, or the day on which the customer came."""
    booked_on = LedgerEntry.objects.filter(customer=customer).order_by("booked_on").values_list("booked_on", flat=True)
    return booked_on.first() or clock.local_date(customer.created_at)


def lines(customer: Customer, *, since: date, until: date) -> Iterator[Line]:
    """The opening balance of ``since``, each entry up to the end of ``until``, and the closing balance.

    Raises:
        Refused: ``until`` comes before ``since``.
    """
    if until < since:
        raise Refused(
            "The statement would end on {until}, before its first day {since}. Choose a later end.",
            until=wording.day(until),
            since=wording.day(since),
        )
    return _lines(customer.pk, since, until)


def _lines(customer_id: int, since: date, until: date) -> Iterator[Line]:
    debits = credits_ = balance = Decimal(0)
    for row in _entries(customer_id, since, until):
        if row.day is None:
            yield Line(since, OPENING, "", None, None, None, row.balance)
        else:
            debit, credit = (row.amount, None) if row.amount > 0 else (None, -row.amount)
            debits, credits_ = debits + (debit or 0), credits_ + (credit or 0)
            yield Line(row.day, _text(row), row.number, (row.model, row.document_id), debit, credit, row.balance)
        balance = row.balance
    yield Line(until, CLOSING, "", None, debits, credits_, balance)


def as_csv(statement: Iterable[Line]) -> Iterator[str]:
    """The lines as they come, as the text of a CSV file with a head."""
    rows = ((line.day, str(line.text), line.number, line.debit, line.credit, line.balance) for line in statement)
    return spreadsheets.csv_text(COLUMNS, rows)


class _Entry(NamedTuple):
    """A row of ``_LINES``; the first has no day and carries the opening balance."""

    day: date | None
    id: int
    kind: str
    taken_back_as: str
    number: str
    model: str
    document_id: int
    amount: Decimal
    balance: Decimal


def _entries(customer_id: int, since: date, until: date) -> Iterator[_Entry]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LINES, {"customer": customer_id, "since": since, "until": until})
        while rows := cursor.fetchmany(FETCHED):
            yield from (_Entry(*row) for row in rows)


def _text(row: _Entry) -> str:
    kind = Reversal.Kind(row.taken_back_as) if row.taken_back_as else LedgerEntry.Kind(row.kind)
    return cast("str", capfirst(kind.label))
