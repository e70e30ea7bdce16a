"""Days in the life of subscribers: what the jobs do on a day, and what staff see of a customer then."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from billing.models import Account, Bill, BillLine, CreditNote, Customer, Payment, Subscription
from billing.rules.errors import Refused
from billing.services import access, billing_run, change_run, payments, sweep
from tests.builders import access_of, at


def run(day: str) -> None:
    """The jobs as the scheduler runs them at an instant: changes, bills, then the expiry check."""
    now = at(day)
    assert change_run.apply_due(now=now).failed == {}
    assert billing_run.generate(now=now, limit=500).set_aside == {}
    assert sweep.disable_due(now=now, limit=500).set_aside == {}


def run_daily(first: str, last: str) -> None:
    """The jobs of every day from ``first`` to ``last``."""
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    while day <= end:
        run(str(day))
        day += timedelta(days=1)


def pay(customer: Customer, amount: str, day: str, **how: object) -> Payment:
    return payments.receive(customer=customer, amount=Decimal(amount), now=at(day), **{"method": "cash", **how})


def balance(customer: Customer) -> Decimal:
    """What the customer owes; below zero it is credit."""
    account = Account.objects.filter(customer=customer).first()
    return account.balance if account else Decimal(0)


def owed(customer: Customer) -> list[Decimal]:
    """What is left to pay of each open bill, the oldest first."""
    bills = Bill.objects.filter(customer=customer, status=Bill.Status.OPEN).order_by("due_on", "pk")
    return [bill.outstanding for bill in bills]


def credit(customer: Customer) -> Decimal:
    """The money of the customer that pays no bill yet."""
    sources = [*Payment.objects.filter(customer=customer), *CreditNote.objects.filter(customer=customer)]
    return sum((source.credit for source in sources), Decimal(0))


def last_bill(customer: Customer) -> Bill:
    return Bill.objects.filter(customer=customer).latest("pk")


def lines(subscription: Subscription) -> list[str]:
    """The days that are billed, with the amount of their line: first day, day after the last one, amount."""
    found = BillLine.objects.filter(subscription=subscription, billed_days__isempty=False).order_by("billed_days")
    return [f"{line.billed_days.lower} {line.billed_days.upper} {line.amount:.2f}" for line in found]


def notes(customer: Customer) -> list[str]:
    """The credit notes as a text each: kind and total."""
    return [f"{note.kind} {note.total:.2f}" for note in CreditNote.objects.filter(customer=customer).order_by("pk")]


def is_online(subscription: Subscription) -> bool:
    return access_of(subscription).is_on


def reasons(subscription: Subscription) -> list[str]:
    """Why it has no access."""
    return access.open_reasons([subscription.pk]).get(subscription.pk, [])


def snapshot() -> dict[str, list[str]]:
    """Every row of every table of the business."""
    tables = [table for table in connection.introspection.table_names() if table.startswith("billing_")]
    with connection.cursor() as cursor:
        rows = {}
        for table in tables:
            cursor.execute(f"SELECT to_jsonb(row)::text FROM {table} AS row ORDER BY 1")
            rows[table] = [row[0] for row in cursor.fetchall()]
    return rows


@contextmanager
def refused(message: str) -> Iterator[None]:
    """What is done inside is refused with a message that matches, and leaves every table as it was."""
    before = snapshot()
    with pytest.raises(Refused, match=message):
        yield
    assert snapshot() == before
