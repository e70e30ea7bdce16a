"""Printing in a real browser: the progress of many bills, and a roll as long as its receipt."""

from decimal import Decimal

import pytest
from django.utils import timezone

from billing.documents import batches
from billing.services import payments
from tests.builders import issue_next, make_customer, make_plan, make_subscription
from tests.documents.reading import sizes_of, text_of
from tests.e2e.test_browser import desk, page  # noqa: F401  # fixtures
from tests.faces.conftest import url

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def customer():
    """Three subscriptions of one customer, each with a bill of today."""
    customer, plan, today = make_customer(name="Ann Lee"), make_plan(price=Decimal(20)), timezone.localdate()
    for _ in range(3):
        issue_next(make_subscription(customer=customer, plan=plan, starts_on=today), now=timezone.now())
    return customer


def test_the_progress_of_many_bills_is_seen_without_loading_the_page_anew(
    desk,  # noqa: F811
    customer,
    monkeypatch,
    can_write_pdf,
):
    monkeypatch.setattr(batches, "BILLS_AT_A_TIME", 2)
    desk.locator("#nav-sidebar a[href='/admin/print-bills/']").click()
    desk.get_by_role("button", name="Make the PDF").click()
    desk.get_by_text("0 of 3 bills").wait_for()
    batches.carry_out(now=timezone.now())
    desk.get_by_text("2 of 3 bills").wait_for()
    while batches.carry_out(now=timezone.now()) is not None:
        pass
    with desk.expect_download() as download:
        desk.get_by_role("link", name="Download").click()
    pdf = download.value.path().read_bytes()
    assert len(sizes_of(pdf)) == 3
    assert "Ann Lee" in text_of(pdf)


def test_a_roll_is_as_long_as_its_receipt_and_has_no_toolbar(desk, customer, live_server):  # noqa: F811
    payment = payments.receive(customer=customer, amount=Decimal(60), method="cash", now=timezone.now())
    desk.goto(f"{live_server.url}{url(payment, 'print_document')}?size=roll")
    pdf = desk.pdf(prefer_css_page_size=True)
    [(width, height)] = sizes_of(pdf)
    assert (width, 70 < height < 160) == (80, True)
    assert "Receipt R000001" in text_of(pdf)
    assert "80 mm roll" not in text_of(pdf)
