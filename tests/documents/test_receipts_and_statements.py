"""Receipts and statements on paper."""

from datetime import date
from decimal import Decimal

import pytest
from django.test import override_settings

from billing.documents import receipts, rendering, statements
from billing.models import Customer
from billing.rules.errors import Refused
from billing.services import payments, reversals
from tests.builders import at, issue_next, make_subscription
from tests.documents.reading import sizes_of, text_of

MAY = {"since": date(2026, 5, 1), "until": date(2026, 5, 31), "today": date(2026, 6, 1)}


@pytest.fixture
def payment(issued):
    """25.00 in cash for a bill of 20.00."""
    return payments.receive(
        customer=issued().customer, amount=Decimal(25), method="cash", now=at("2026-05-03T10:00"), note="By her brother"
    )


@pytest.mark.parametrize(("size", "width", "height"), [("a4", 210, 297), ("a5", 148, 210), ("roll", 80, None)])
def test_a_receipt_tells_what_was_paid_on_each_size(payment, pdf_of, size, width, height):
    pdf = pdf_of(receipts.receipt(payment, size=size))
    text = text_of(pdf)
    words = ("Receipt R000001", "Nadia Rahman", "B000001", "$25.00", "$20.00", "$5.00", "Cash", "By her brother")
    assert [word for word in words if word not in text] == []
    assert "Credit after this payment" in text
    [(found_width, found_height)] = sizes_of(pdf)
    assert found_width == width
    assert found_height == height if height else 60 < found_height < 150


def test_a_roll_is_as_long_as_what_stands_on_it(issued, payment, pdf_of):
    short = sizes_of(pdf_of(receipts.receipt(payment, size="roll")))[0][1]
    for _ in range(10):
        issue_next(make_subscription(customer=payment.customer), now=at("2026-05-04"))
    much = payments.receive(customer=payment.customer, amount=Decimal(195), method="card", now=at("2026-05-05"))
    long = sizes_of(pdf_of(receipts.receipt(much, size="roll")))
    assert len(long) == 1
    assert long[0][1] > short + 30


def test_a_receipt_that_is_printed_again_is_the_same_whatever_came_after(payment):
    before = rendering.html(receipts.receipt(payment))
    Customer.objects.update(name="Somebody else", code="X1")
    issue_next(make_subscription(customer=payment.customer), now=at("2026-05-04"))  # takes the credit
    payment.refresh_from_db()
    assert payment.credit == 0
    with override_settings(COMPANY_NAME="Other company", COMPANY_ADDRESS="Moved", COMPANY_TAX_ID="2"):
        assert rendering.html(receipts.receipt(payment)) == before


def test_a_receipt_says_what_was_taken_back(payment):
    reversals.reverse(payment=payment, amount=Decimal(8), reason="Counted anew", now=at("2026-05-06"))
    page = rendering.html(receipts.receipt(payment))
    assert "Entered by mistake, May 6, 2026" in page
    assert "-$8.00" in page


def test_a_receipt_says_what_is_left_to_pay(issued):
    payment = payments.receive(customer=issued().customer, amount=Decimal(5), method="bank", now=at("2026-05-03"))
    page = rendering.html(receipts.receipt(payment))
    assert "To pay after this payment" in page
    assert "$15.00" in page
    assert "Bank transfer" in page


def test_a_statement_has_every_entry_and_the_balance(payment, pdf_of):
    text = text_of(pdf_of(statements.statement(payment.customer, **MAY)))
    for word in ("May 1, 2026 – May 31, 2026", "Opening balance", "B000001", "R000001", "$20.00", "$25.00", "-$5.00"):
        assert word in text
    assert text.endswith("Your credit $5.00 1 / 1")


def test_a_statement_that_would_be_a_book_is_refused(payment, monkeypatch):
    monkeypatch.setattr(statements, "MOST_LINES", 3)
    with pytest.raises(Refused, match="choose fewer days, or download the CSV file"):
        statements.statement(payment.customer, **MAY)
