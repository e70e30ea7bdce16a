"""Bills and credit notes on paper: what stands there is what is stored, and stays so."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import override_settings
from django.test.utils import CaptureQueriesContext

from billing.documents import bills as papers
from billing.documents import rendering
from billing.models import BillTax, Customer, Plan, TaxRate
from billing.services import bills, credit_notes, payments, wording
from tests.builders import at, issue_next, make_subscription
from tests.documents.reading import pages_of, sizes_of, text_of


def vat(**changes):
    return TaxRate.objects.create(**{"name": "VAT 20%", "percent": Decimal(20), **changes})


def amounts(bill):
    """Every amount that the bill must tell, as it is written."""
    stored = [bill.net, bill.tax, bill.total, *(line.amount for line in bill.lines.all())]
    stored += [amount for tax in BillTax.objects.filter(bill=bill) for amount in (tax.base, tax.tax)]
    return {wording.price(amount, bill.currency) for amount in stored}


@pytest.mark.parametrize("inclusive", [False, True], ids=["tax on top", "tax in the price"])
def test_the_pdf_has_every_amount_as_stored(issued, pdf_of, inclusive):
    bill = issued(lines=3, price="19.99", tax_rate=vat(inclusive=inclusive))
    text = text_of(pdf_of(papers.bill(bill)))
    assert {amount for amount in amounts(bill) if amount not in text} == set()
    for word in (bill.number, "Nadia Rahman", "House 14, Dhaka", "May 1, 2026", "May 15, 2026", "VAT 20%"):
        assert word in text
    assert ("in the amount" in text) == inclusive


@pytest.mark.parametrize(
    ("currency", "price", "written"),
    [("JPY", "2000", "¥2,000"), ("BHD", "12.345", "BHD12.345"), ("EUR", "20", "€20.00")],
)
def test_amounts_have_the_decimals_of_their_currency(issued, pdf_of, currency, price, written):
    with override_settings(CURRENCY=currency):
        bill = issued(price=price)
    assert written in text_of(pdf_of(papers.bill(bill)))


def test_a_bill_without_tax_says_nothing_of_tax(issued, pdf_of):
    assert "Tax" not in text_of(pdf_of(papers.bill(issued())))


def test_a_bill_that_is_printed_again_is_the_same_whatever_changed_since(issued):
    rate = vat()
    with override_settings(COMPANY_NAME="FibreNet", COMPANY_ADDRESS="Station Road 12", COMPANY_TAX_ID="BE 1"):
        bill = issued(lines=2, tax_rate=rate)
    before = rendering.html(papers.bill(bill))
    assert "FibreNet" in before
    Customer.objects.update(name="Somebody else", address="Elsewhere", code="X1", tax_id="9")
    Plan.objects.update(name="Other plan", price=Decimal(99))
    TaxRate.objects.update(name="Other tax", percent=Decimal(5))
    with override_settings(COMPANY_NAME="Other company", COMPANY_ADDRESS="Moved", COMPANY_TAX_ID="2"):
        assert rendering.html(papers.bill(bill)) == before


def test_forty_lines_take_more_pages_each_with_the_heads_and_the_number(issued, pdf_of):
    bill = issued(lines=41, tax_rate=vat(), name="A" + "longname" * 14)
    pdf = pdf_of(papers.bill(bill))
    pages = pages_of(pdf)
    assert set(sizes_of(pdf)) == {(210, 297)}
    assert len(pages) == 2
    for number, page in enumerate(pages, 1):
        assert "Description" in page
        assert f"Bill {bill.number}" in page
        assert f"{number} / 2" in page
    assert all(f"Extra number {number}" in text_of(pdf) for number in range(1, 41))


def test_what_was_paid_and_what_is_left_is_of_the_moment_of_printing(issued):
    bill = issued(price="20.00")
    assert "Left to pay" not in rendering.html(papers.bill(bill))
    payments.receive(customer=bill.customer, amount=Decimal(5), method="cash", now=at("2026-05-02"))
    page = rendering.html(papers.bill(bill))
    assert "Left to pay" in page
    assert "$15.00" in page
    payments.receive(customer=bill.customer, amount=Decimal(15), method="cash", now=at("2026-05-03"))
    assert "Paid in full" in rendering.html(papers.bill(bill))


def test_a_void_bill_says_so(issued, pdf_of):
    bill = issued()
    bills.void(bill=bill, reason="Wrong plan", now=at("2026-05-02"))
    assert "VOID" in text_of(pdf_of(papers.bill(bill)))


def test_a_credit_note_names_its_bill_and_its_amounts(issued, pdf_of):
    bill = issued(tax_rate=vat())
    note = credit_notes.correct(bill=bill, reason="Moved away", now=at("2026-05-02"))
    text = text_of(pdf_of(papers.credit_note(note)))
    for word in (f"Credit note {note}", bill.number, "Moved away", "$20.00", "$4.00", "$24.00"):
        assert word in text


def test_a_credit_note_without_a_bill_has_its_reason(issued):
    note = credit_notes.give(customer=issued().customer, amount=Decimal(5), reason="Outage", now=at("2026-05-02"))
    page = rendering.html(papers.credit_note(note))
    assert "Outage" in page
    assert "For bill" not in page


def test_many_bills_ask_no_more_queries_than_one_and_keep_their_order(issued):
    first = issued(lines=2, tax_rate=vat())
    subscription = make_subscription(customer=first.customer, plan=first.lines.first().plan)
    more = [issue_next(subscription, now=at("2026-05-02")) for _ in range(3)]
    with CaptureQueriesContext(connection) as one:
        rendering.html(papers.bills([first.pk])[0])
    ids = [more[1].pk, first.pk, more[2].pk, more[0].pk]
    with CaptureQueriesContext(connection) as all_of_them:
        found = papers.bills(ids)
        for paper in found:
            rendering.html(paper)
    assert [paper.content["document"].pk for paper in found] == ids
    assert len(all_of_them) == len(one) == 3


def test_many_bills_make_one_pdf_with_page_numbers_of_their_own(issued, can_write_pdf):
    long = issued(lines=41)
    short = issue_next(make_subscription(customer=long.customer), now=at("2026-05-02"))
    pages = pages_of(rendering.pdf(papers.bills([long.pk, short.pk])))
    assert [page.split(" / ")[0].split()[-1] + "/" + page.split(" / ")[1].split()[0] for page in pages] == [
        "1/2",
        "2/2",
        "1/1",
    ]


def test_what_people_typed_is_shown_and_never_run(issued):
    evil = "<script>alert(1)</script>"
    page = rendering.html(papers.bill(issued(name=evil, address=f"{evil}\n{evil}")))
    assert evil not in page
    assert page.count("&lt;script&gt;") == 3
