from datetime import date
from decimal import Decimal

import pytest

from billing.documents import rendering
from billing.services import items
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription


@pytest.fixture(autouse=True)
def _database(db):
    """Every document is read from the database."""


@pytest.fixture
def pdf_of(can_write_pdf):
    """The PDF of a paper."""
    return lambda paper: rendering.pdf([paper])


@pytest.fixture
def issued():
    """A bill of May 2026 with ``lines`` lines of ``price`` each, the first of them a period, issued on May 1."""

    def issue(*, lines=1, price="20.00", tax_rate=None, **customer):
        buyer = make_customer(**{"name": "Nadia Rahman", "address": "House 14, Dhaka", **customer})
        plan = make_plan(name="Home Fibre", price=Decimal(price), tax_rate=tax_rate)
        subscription = make_subscription(plan=plan, customer=buyer, login="nadia", starts_on=date(2026, 5, 1))
        for number in range(1, lines):
            what = f"Extra number {number}"
            items.add(customer=buyer, description=what, amount=Decimal(price), tax_rate=tax_rate, now=at("2026-05-01"))
        return issue_next(subscription, now=at("2026-05-01T08:00"))

    return issue
