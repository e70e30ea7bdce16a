"""The page “Print bills”: what it counts, orders, shows and hands out."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.documents import batches
from billing.models import Area, Bill, PrintOrder
from billing.services import bills, payments, print_orders
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription
from tests.documents.reading import pages_of
from tests.faces.conftest import list_url, shown_messages, text_of
from tests.faces.desk import facts
from utils.models import JobRequest

PAGE = "/admin/print-bills/"


@pytest.fixture(autouse=True)
def issued():
    """Two bills of May 1, one of them paid, and one of May 2 in the area North."""
    plan, north = make_plan(price=Decimal(20)), Area.objects.create(name="North")
    made = []
    for day, area in (("2026-05-01", None), ("2026-05-01", None), ("2026-05-02", north)):
        start = date.fromisoformat(day)
        subscription = make_subscription(plan=plan, customer=make_customer(area=area), starts_on=start)
        made.append(issue_next(subscription, now=at(day)))
    payments.receive(customer=made[0].customer, amount=Decimal(20), method="cash", now=at("2026-05-03"))
    return made


def ask(client, **query):
    return client.get(PAGE, {"since": "2026-05-01", "until": "2026-05-31", **query})


def send(client, response, follow=True, **changes):
    """Press the button of the page that was shown."""
    values = dict(re.findall(r'name="(\w+)"\s+value="([^"]*)"', text_of(response).partition('<form method="post"')[2]))
    return client.post(PAGE, {**values, **changes}, follow=follow)


def test_the_page_begins_with_the_last_day_on_which_bills_were_issued(admin_client):
    assert facts(admin_client.get(PAGE)) == {
        "Chosen": "Bills of May 2, 2026",
        "Bills": "1",
        "To be made": "1 PDF file, in about 1 minute",
    }


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({}, "3"),
        ({"until": "2026-05-01"}, "2"),
        ({"which": "owed"}, "2"),
        ({"area": "North"}, "1"),
        ({"since": "2026-06-01", "until": "2026-06-30"}, "0"),
    ],
)
def test_the_page_counts_what_is_chosen_and_orders_just_that(admin_client, query, count):
    if "area" in query:
        query = {"area": Area.objects.get().pk}
    response = ask(admin_client, **query)
    assert facts(response)["Bills"] == count
    if count == "0":
        assert "Make the PDF" not in text_of(response)
    else:
        send(admin_client, response)
        assert PrintOrder.objects.get().total == int(count)


def test_void_bills_are_not_printed(admin_client, issued):
    bills.void(bill=issued[1], reason="Wrong", now=timezone.now())
    assert facts(ask(admin_client))["Bills"] == "2"


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"until": "2026-04-01"}, "“Until” comes before “from”"),
        ({"since": "soon"}, "Enter a valid date"),
        ({"area": "999"}, "Select a valid choice"),
    ],
)
def test_a_choice_that_cannot_be_is_explained(admin_client, query, says):
    assert says in text_of(ask(admin_client, **query))


def test_an_order_is_asked_of_the_scheduler_made_and_downloaded(admin_client, can_write_pdf):
    response = send(admin_client, ask(admin_client))
    assert "No scheduler leads at the moment" in shown_messages(response)
    assert JobRequest.objects.get().job_id == "print_documents"
    assert "0 of 3 bills" in text_of(response)
    assert f'data-refresh="{PAGE}?orders=1"' in text_of(response)
    assert batches.carry_out(now=timezone.now()) == 3
    assert "3 of 3 bills" in text_of(admin_client.get(PAGE, {"orders": "1"}))
    batches.carry_out(now=timezone.now())
    shown = text_of(admin_client.get(PAGE, {"orders": "1"}))
    assert "data-refresh" not in shown
    address = reverse("print_file", args=[PrintOrder.objects.get().pk])
    assert f'href="{address}"' in shown
    file = admin_client.get(address)
    assert file["Content-Type"] == "application/pdf"
    assert file["Content-Disposition"].startswith("attachment; filename=")
    assert len(pages_of(b"".join(file.streaming_content))) == 3


def test_a_form_that_is_sent_twice_orders_once(admin_client):
    page = ask(admin_client)
    for _ in range(2):
        send(admin_client, page)
    assert PrintOrder.objects.count() == 1


def test_what_is_refused_is_told(admin_client):
    page = ask(admin_client)
    response = send(admin_client, page, since="2027-01-01", until="2027-01-02")
    assert "No bill was issued on these days" in shown_messages(response)
    response = send(admin_client, page, request_key="")
    assert "This field is required" in shown_messages(response)
    assert not PrintOrder.objects.exists()


def test_an_order_can_be_cancelled_once(admin_client):
    send(admin_client, ask(admin_client))
    address = reverse("cancel_print", args=[PrintOrder.objects.get().pk])
    assert admin_client.get(address).status_code == 405
    assert "is cancelled" in shown_messages(admin_client.post(address, follow=True))
    assert "ended already" in shown_messages(admin_client.post(address, follow=True))
    assert PrintOrder.objects.get().status == "cancelled"


def test_nobody_sees_the_orders_of_others(admin_client, staff):
    send(admin_client, ask(admin_client))
    order = PrintOrder.objects.get()
    other = staff("view_bill")
    assert "Nothing yet" in text_of(other.get(PAGE))
    assert other.post(reverse("cancel_print", args=[order.pk])).status_code == 404
    print_orders.finish(order, b"%PDF", now=timezone.now())
    assert other.get(reverse("print_file", args=[order.pk])).status_code == 404


def test_printing_bills_needs_the_permission_to_view_bills(staff, issued):
    client = staff("view_payment")
    assert PAGE not in text_of(client.get("/admin/"))
    user = User.objects.latest("pk")
    [order] = print_orders.order(
        bills=Bill.objects.all(), what="Bills", by=user, now=timezone.now(), request_key="0" * 32
    )
    print_orders.finish(order, b"%PDF", now=timezone.now())
    assert client.get(PAGE).status_code == client.post(PAGE).status_code == 403
    assert client.get(reverse("print_file", args=[order.pk])).status_code == 403
    assert client.post(reverse("cancel_print", args=[order.pk])).status_code == 403
    assert PAGE in text_of(staff("view_bill").get("/admin/"))


def test_the_page_asks_no_more_queries_for_more_orders(admin_client):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            admin_client.get(PAGE)
        return len(asked)

    queries()
    few = queries()
    for _ in range(4):
        send(admin_client, ask(admin_client))
    assert queries() == few


def test_selected_bills_are_one_pdf_at_once(admin_client, issued, can_write_pdf):
    values = {"action": "print_selected", "_selected_action": [bill.pk for bill in issued]}
    response = admin_client.post(list_url(Bill), values)
    assert response["Content-Type"] == "application/pdf"
    assert len(pages_of(response.content)) == 3


def test_more_than_a_page_of_bills_is_not_made_in_a_request(admin_client, issued, monkeypatch):
    monkeypatch.setattr("billing.admin.printing.MOST_SELECTED", 2)
    values = {"action": "print_selected", "_selected_action": [bill.pk for bill in issued]}
    response = admin_client.post(list_url(Bill), values, follow=True)
    assert "Select 1 to 2 issued bills" in shown_messages(response)
