import csv
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.models import Bill, Customer, Payment
from billing.services import payments
from tests.builders import make_customer, make_overdue_subscription
from tests.faces.conftest import shown_messages, text_of, url


@pytest.fixture
def customer():
    """A bill of 20.00, 24 days ago, and 5.00 paid today."""
    customer = make_overdue_subscription().customer
    receive(customer)
    return customer


def receive(customer):
    return payments.receive(customer=customer, amount=Decimal(5), method="cash", now=timezone.now())


def test_the_customers_page_leads_to_the_statement(admin_client, customer):
    assert url(customer, "statement") in text_of(admin_client.get(url(customer)))


def test_the_statement_shows_a_year_with_links_to_each_document(admin_client, customer):
    page = text_of(admin_client.get(url(customer, "statement")))
    for text in ("Opening balance", "Closing balance", "$20.00", "$5.00", "$15.00"):
        assert text in page
    for document in (Bill.objects.get(), Payment.objects.get()):
        assert f'href="{url(document)}">{document}</a>' in page


def test_other_days_are_shown_and_downloaded(admin_client, customer):
    today = timezone.now().date()
    page = text_of(admin_client.get(url(customer, "statement"), {"since": today, "until": today}))
    assert "$20.00" in page
    assert "B000001" not in page
    address = re.search(r'href="(\?[^"]+format=csv)"', page)[1].replace("&amp;", "&")
    response = admin_client.get(url(customer, "statement") + address)
    assert response.streaming
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == f'attachment; filename="statement-C000001-{today}-{today}.csv"'
    assert list(csv.reader(response.getvalue().decode().splitlines())) == [
        ["date", "entry", "document", "debit", "credit", "balance"],
        [str(today), "Opening balance", "", "", "", "20.00"],
        [str(today), "Payment", "R000001", "", "5.00", "15.00"],
        [str(today), "Closing balance", "", "0.00", "5.00", "15.00"],
    ]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"since": "2026-02-01", "until": "2026-01-31"}, "“Until” comes before “From”"),
        ({"since": "yesterday"}, "Enter a valid date."),
        ({"since": "2026-02-30"}, "Enter a valid date."),
        ({"until": ""}, "This field is required."),
        ({"since": "\x00"}, "Enter a valid date."),
    ],
)
@pytest.mark.parametrize("form", [{}, {"format": "csv"}], ids=["page", "file"])
def test_days_that_cannot_be_are_explained(admin_client, customer, values, says, form):
    response = admin_client.get(url(customer, "statement"), {**values, **form})
    assert response.status_code == 200
    assert says in text_of(response)
    assert "Closing balance" not in text_of(response)


def test_a_statement_asks_no_more_queries_for_more_rows(admin_client, customer):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            admin_client.get(url(customer, "statement"))
        return len(asked)

    queries()
    few = queries()
    for _ in range(5):
        receive(customer)
    assert queries() <= few


def test_the_statement_needs_its_permission(staff, customer):
    assert staff("view_customer").get(url(customer, "statement")).status_code == 403
    assert staff("view_ledgerentry").get(url(customer, "statement")).status_code == 403
    assert "Statement" not in text_of(staff("view_customer").get(url(customer)))
    page = staff("view_customer", "view_ledgerentry").get(url(customer, "statement"))
    assert "R000001" in text_of(page)
    assert url(Payment.objects.get()) not in text_of(page)


def test_the_statement_of_a_customer_that_is_gone_says_so(admin_client):
    response = admin_client.get("/admin/billing/customer/999/statement/", follow=True)
    assert "doesn’t exist" in shown_messages(response)


def test_a_code_cannot_break_the_name_of_the_file(admin_client):
    customer = make_customer(code='a"b/ü\r\nX: y')
    response = admin_client.get(url(customer, "statement"), {"format": "csv"})
    assert "\n" not in response["Content-Disposition"]
    assert response.status_code == 200
    assert Customer.objects.get() == customer
