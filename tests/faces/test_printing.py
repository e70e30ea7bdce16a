"""The button “Print” on the pages of documents, and what it leads to."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.documents import rendering
from billing.models import Bill, Customer
from billing.services import credit_notes, items, payments
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription
from tests.documents.reading import text_of as pdf_text
from tests.faces.conftest import shown_messages, text_of, url


def bill(**changes):
    subscription = make_subscription(plan=make_plan(**changes), starts_on=date(2026, 5, 1))
    return issue_next(subscription, now=at("2026-05-01"))


def note():
    return credit_notes.give(customer=make_customer(), amount=Decimal(5), reason="Outage", now=timezone.now())


def payment():
    return payments.receive(customer=bill().customer, amount=Decimal(20), method="cash", now=at("2026-05-02"))


DOCUMENTS = [(bill, "B000001"), (note, "CN000001"), (payment, "R000001")]
every_document = pytest.mark.parametrize(
    ("make", "number"), DOCUMENTS, ids=lambda value: getattr(value, "__name__", "")
)


def printed(client, row, **query):
    return client.get(url(row, "print_document"), query)


@every_document
def test_the_button_leads_to_the_document_and_its_pdf(admin_client, can_write_pdf, make, number):
    row = make()
    assert url(row, "print_document") in text_of(admin_client.get(url(row)))
    page = printed(admin_client, row)
    assert number in text_of(page)
    assert f'href="{url(row)}">Back' in text_of(page)
    file = printed(admin_client, row, format="pdf")
    assert file["Content-Type"] == "application/pdf"
    assert re.fullmatch(rf'inline; filename="[a-z-]+-{number}\.pdf"', file["Content-Disposition"])
    assert number in pdf_text(file.content)


@every_document
def test_printing_needs_the_permission_to_view_the_row_and_no_other(staff, make, number):
    row = make()
    for query in ({}, {"format": "pdf"}):
        assert printed(staff("view_customer"), row, **query).status_code == 403
    viewer = staff(f"view_{row._meta.model_name}")
    assert url(row, "print_document") in text_of(viewer.get(url(row)))
    assert printed(viewer, row).status_code == 200


@every_document
def test_a_document_that_is_gone_says_so(admin_client, make, number):
    row = make()
    row.pk = 999_999
    response = admin_client.get(url(row, "print_document"), follow=True)
    assert "doesn’t exist" in shown_messages(response)


@every_document
def test_without_the_system_libraries_the_print_view_stays_and_says_what_to_do(admin_client, monkeypatch, make, number):
    def no_library(name):
        raise OSError("cannot load library 'libpango-1.0-0'")

    monkeypatch.setattr(rendering, "import_module", no_library)
    rendering._weasyprint.cache_clear()
    row = make()
    response = admin_client.get(url(row, "print_document"), {"format": "pdf"}, follow=True)
    assert number in text_of(response)
    assert "apt-get install libpango-1.0-0" in text_of(response)


def test_a_receipt_is_shown_on_the_size_that_is_chosen(admin_client):
    row = payment()
    page = text_of(printed(admin_client, row))
    assert re.search(r'<a href="\?size=a4"\s+aria-current="page">A4</a>', page)
    assert 'href="?size=roll"' in page
    roll = text_of(printed(admin_client, row, size="roll"))
    assert "80mm" in roll
    assert 'href="?size=roll&amp;format=pdf"' in roll
    assert '<body class="a4">' in text_of(printed(admin_client, row, size="a0"))


def test_a_draft_has_no_document(admin_client):
    draft = Bill.objects.create(
        customer=make_customer(), currency="USD", net=0, total=0, issued_at=timezone.now(), issued_on="2026-05-01",
        due_on="2026-05-01", customer_code="C", customer_name="N",
    )  # fmt: skip
    assert url(draft, "print_document") not in text_of(admin_client.get(url(draft)))
    assert "A draft is not printed" in shown_messages(admin_client.get(url(draft, "print_document"), follow=True))


def test_the_statement_is_printed_for_the_days_that_are_shown(admin_client, can_write_pdf):
    customer = payment().customer
    days = {"since": "2026-05-01", "until": "2026-05-31"}
    page = text_of(admin_client.get(url(customer, "statement"), days))
    address = re.search(r'href="(\?[^"]+format=html)">\s*Print', page)[1].replace("&amp;", "&")
    shown = text_of(admin_client.get(url(customer, "statement") + address))
    assert "May 1, 2026 – May 31, 2026" in shown
    assert "R000001" in shown
    pdf = admin_client.get(url(customer, "statement"), {**days, "format": "pdf"})
    assert pdf["Content-Disposition"] == 'inline; filename="statement-C000001-2026-05-01-2026-05-31.pdf"'
    assert "Closing balance" in pdf_text(pdf.content)


def test_a_statement_that_would_be_a_book_is_told_on_its_page(admin_client, monkeypatch):
    monkeypatch.setattr("billing.documents.statements.MOST_LINES", 2)
    customer = payment().customer
    query = {"since": "2026-05-01", "until": "2026-05-31", "format": "pdf"}
    assert "choose fewer days, or download the CSV" in text_of(admin_client.get(url(customer, "statement"), query))


def test_a_statement_needs_its_permission_on_paper_too(staff):
    customer = payment().customer
    for kind in ("html", "pdf"):
        response = staff("view_customer").get(url(customer, "statement"), {"format": kind})
        assert response.status_code == 403


@pytest.mark.parametrize(("make", "most"), [(bill, 9), (payment, 12)])
def test_a_document_asks_few_queries_however_long_it_is(admin_client, make, most):
    row = make()
    printed(admin_client, row)
    customer = Customer.objects.get()
    for number in range(30):
        items.add(customer=customer, description=f"Item {number}", amount=Decimal(1), now=at("2026-05-03"))
    long = items.bill_now(customer=customer, now=at("2026-05-03")) if make is bill else row
    with CaptureQueriesContext(connection) as asked:
        assert printed(admin_client, long).status_code == 200
    assert len(asked) <= most


def test_a_customer_gets_a_language_on_their_page(admin_client):
    customer = make_customer()
    form = admin_client.get(url(customer)).context["adminform"].form
    values = {name: form[name].value() or "" for name in form.fields}
    assert admin_client.post(url(customer), {**values, "language": "bn"}).status_code == 302
    customer.refresh_from_db()
    assert customer.language == "bn"
    response = admin_client.post(url(customer), {**values, "language": "klingon"})
    assert "Select a valid choice" in text_of(response)
