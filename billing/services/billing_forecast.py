"""What the billing run would issue: read and worked out, nothing written."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby, islice
from typing import Any, NamedTuple

from django.db import connection, transaction

from billing.models import Item
from billing.rules.errors import Refused
from billing.services import billing_run, clock, due_bills, late_fees
from billing.services.drafts import BillDraft
from billing.services.due_bills import Due
from billing.services.late_fees import ToCome
from billing.services.outlook import Outlook, Proposal

CUSTOMERS_AT_ONCE = 500
FURTHEST = timedelta(days=3 * 366)

# One snapshot for the whole forecast; PostgreSQL itself refuses every change in it.
_READ_ONLY = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_DUE = """
    SELECT state.customer_id, state.subscription_id, bill_per_subscription, code, archived_at IS NOT NULL
    FROM billing_billingstate state JOIN billing_customer customer ON customer.id = state.customer_id
    WHERE review = '' AND bill_on <= %s
    ORDER BY state.customer_id, state.subscription_id
"""


class WouldIssue(NamedTuple):
    """A bill as the run would issue it."""

    customer_code: str
    issued_on: date
    bill: BillDraft


class WouldSetAside(NamedTuple):
    """A subscription that the run would leave to staff."""

    customer_code: str
    login: str
    reason: str


class Row(NamedTuple):
    due: Due
    customer_code: str
    is_archived: bool


Forecast = Iterator[ToCome | WouldIssue | WouldSetAside]


def forecast(*, now: datetime, through: date | None = None) -> Forecast:
    """What a run now would do, or what the runs until ``through`` would do if nothing else happened.

    First the late fees, on the bills that are open now; then the bills by customer. Streamed, so
    that it takes no more memory with more customers.

    Raises:
        Refused: ``through`` is more than three years ahead.
    """
    today = clock.local_date(now)
    if through is not None and through > today + FURTHEST:
        raise Refused("{through} is too far ahead. Choose {today} or earlier.", through=through, today=today + FURTHEST)
    return _stream(today, through or today)


def _stream(today: date, through: date) -> Forecast:
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute(_READ_ONLY)
        yield from late_fees.to_come(today=today, day=through)
        with connection.chunked_cursor() as cursor:
            cursor.execute(_DUE, [through])
            customers = _by_customer(cursor)
            while some := list(islice(customers, CUSTOMERS_AT_ONCE)):
                yield from _of_customers(some, today, through)


def _by_customer(cursor: Any) -> Iterator[list[Row]]:
    rows = (Row(Due(*row[:3]), row[3], row[4]) for row in cursor)
    for _, group in groupby(rows, key=lambda row: row.due.customer_id):
        yield list(group)


def _of_customers(customers: Sequence[Sequence[Row]], today: date, through: date) -> Forecast:
    outlook = Outlook([row.due.subscription_id for rows in customers for row in rows])
    ids = [rows[0].due.customer_id for rows in customers]
    items = due_bills.waiting_by_customer(ids)
    fees: dict[int, list[ToCome]] = defaultdict(list)
    for fee in late_fees.to_come(today=today, day=through, customers=ids):
        fees[fee.item.customer_id].append(fee)
    for rows in customers:
        lines: list[Proposal] = []
        for row in rows:
            if reason := _reason_against(outlook, row, today):
                login = outlook.services[row.due.subscription_id].login
                yield WouldSetAside(row.customer_code, login, reason)
            else:
                lines += due_bills.periods(outlook, row.due.subscription_id, through)
        yield from _bills(rows, lines, items, fees[rows[0].due.customer_id], today)


def _reason_against(outlook: Outlook, row: Row, today: date) -> str:
    if row.is_archived:
        return billing_run.ARCHIVED
    try:
        due_bills.first_period(outlook, row.due.subscription_id, today)
    except Exception as error:
        return billing_run.in_words(error)
    return ""


def _bills(
    rows: Sequence[Row], lines: Sequence[Proposal], items: dict[int, list[Item]], fees: Sequence[ToCome], today: date
) -> Iterator[WouldIssue]:
    customer_id, after = rows[0].due.customer_id, date.min
    for issue_on, group in groupby(sorted(lines, key=lambda line: line.issue_on), key=lambda line: line.issue_on):
        issued_on = max(today, issue_on)
        items[customer_id] += [fee.item for fee in fees if after < fee.charged_on <= issued_on]
        after = issued_on
        of_the_day = {line.service.subscription_id: line for line in group}
        for bill in due_bills.put_together([row.due for row in rows], of_the_day, items, issued_on=issued_on):
            yield WouldIssue(rows[0].customer_code, issued_on, bill)
