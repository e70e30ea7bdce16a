import re
from decimal import Decimal
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from billing.models import Area, Customer, NumberSeries
from billing.services import payments
from tests.builders import make_customer, make_overdue_subscription
from tests.faces.conftest import list_url, shown_messages, text_of, url
from tests.faces.desk import shown

ADD = "/admin/billing/customer/add/"


def add(client, **values):
    return client.post(ADD, {"request_key": uuid4(), **values}, follow=True)


def test_a_new_customer_without_a_code_gets_the_next_one(admin_client):
    response = add(admin_client, name="Ann Lee", phone="555-1")
    customer = Customer.objects.get()
    assert customer.code == "C000001"
    assert customer.created_at
    assert response.redirect_chain[-1][0] == url(customer)
    assert LogEntry.objects.get().object_id == str(customer.pk)


def test_a_new_customer_keeps_the_code_that_was_typed(admin_client):
    add(admin_client, name="Ann Lee", code="A-7")
    assert Customer.objects.get().code == "A-7"
    assert not NumberSeries.objects.exists()


def test_b4_a_customer_gives_a_tax_number_and_may_ask_for_a_bill_per_subscription(admin_client):
    add(admin_client, name="Ann Lee Ltd", tax_id="IT12345", bill_per_subscription="on")
    customer = Customer.objects.get()
    assert (customer.tax_id, customer.bill_per_subscription) == ("IT12345", True)
    admin_client.post(url(customer), {"name": "Ann Lee Ltd", "tax_id": "IT999"})
    customer.refresh_from_db()
    assert (customer.tax_id, customer.bill_per_subscription) == ("IT999", False)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": "   "}, "This field is required"),
        ({"name": "Bo", "code": "A-7"}, "The customer code A-7 is taken"),
        ({"name": "Bo", "email": "nobody"}, "valid email"),
        ({"name": "Bo", "code": "x" * 21}, "at most 20 characters"),
    ],
)
def test_a_wrong_customer_is_explained_and_not_added(admin_client, values, says):
    make_customer(code="A-7")
    response = add(admin_client, **values)
    assert says in text_of(response)
    assert Customer.objects.count() == 1


@pytest.mark.parametrize("code", ["", "A-7"])
def test_a_form_that_is_sent_twice_adds_one_customer(admin_client, code):
    values = {"name": "Ann Lee", "code": code, "request_key": shown_key(admin_client)}
    first, again = (add(admin_client, **values) for _ in range(2))
    assert first.redirect_chain == again.redirect_chain == [(url(Customer.objects.get()), 302)]


def test_the_form_asks_for_a_key_of_its_own_each_time_and_shows_it_nowhere(admin_client):
    assert shown_key(admin_client) != shown_key(admin_client)
    assert "Request key" not in text_of(admin_client.get(ADD))


def shown_key(client):
    return re.search(r'<input type="hidden" name="request_key" value="([^"]+)"', text_of(client.get(ADD)))[1]


def test_a_form_that_was_used_already_does_not_add_somebody_else(admin_client):
    key = uuid4()
    add(admin_client, name="Ann Lee", request_key=key)
    assert "already used for customer C000001" in text_of(add(admin_client, name="Bob Ray", request_key=key))
    assert Customer.objects.get().name == "Ann Lee"


@pytest.mark.parametrize("key", ["", "not-a-key"])
def test_a_form_without_its_key_is_refused(admin_client, key):
    assert "Open “Add customer” anew" in text_of(add(admin_client, name="Ann Lee", request_key=key))
    assert not Customer.objects.exists()


def test_the_code_of_a_customer_never_changes_but_the_contact_does(admin_client):
    customer = make_customer()
    area = Area.objects.create(name="Harbour")
    values = {"name": "Ann Lee-Smith", "phone": "555-2", "area": area.pk, "code": "NEW", "archived_at": "2026-01-01"}
    admin_client.post(url(customer), values)
    before, customer = customer, Customer.objects.get()
    assert (customer.name, customer.phone, customer.area) == ("Ann Lee-Smith", "555-2", area)
    assert (customer.code, customer.archived_at) == (before.code, None)


def test_a_customer_is_never_deleted(admin_client):
    customer = make_customer()
    assert admin_client.post(url(customer, "delete"), {"post": "yes"}).status_code == 403
    assert "Delete" not in text_of(admin_client.get(url(customer)))
    assert "delete_selected" not in text_of(admin_client.get(list_url(Customer)))


def test_the_page_of_a_customer_shows_debt_services_bills_and_payments(admin_client, disabled):
    payments.receive(customer=disabled.customer, amount=Decimal(5), method="cash", now=timezone.now())
    page = text_of(admin_client.get(url(disabled.customer)))
    for text in ("$15.00", "overdue", "ann-home", "off: unpaid", "B000001", "R000001", "$20.00", "$5.00"):
        assert text in page


def test_a_customer_is_found_by_the_code_in_the_address(admin_client):
    customer = make_customer()
    assert admin_client.get(f"/admin/billing/customer/code/{customer.code}/").url == url(customer)


def test_a_wrong_code_in_the_address_gives_a_clear_message(admin_client):
    response = admin_client.get("/admin/billing/customer/code/C999999/", follow=True)
    assert response.redirect_chain == [(list_url(Customer), 302)]
    assert "There is no customer with the code C999999" in shown_messages(response)


@pytest.mark.parametrize("wrong", ["999999", "abc", "%00"])
def test_a_wrong_customer_in_the_address_gives_a_clear_message(admin_client, wrong):
    response = admin_client.get(f"/admin/billing/customer/{wrong}/change/", follow=True)
    assert "doesn’t exist" in shown_messages(response)


def test_a_new_subscription_begins_with_the_customer_chosen(admin_client):
    customer = make_customer()
    response = admin_client.get(url(customer, "add_subscription"), follow=True)
    assert response.context["adminform"].form["customer"].value() == str(customer.pk)


def panel(page, title):
    """The rows of a panel, as words."""
    table = re.split(rf"{title}\s*(?:<a[^>]*>See all</a>\s*)?</h2>", page)[1].partition("</section>")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", table))


def test_the_top_of_a_page_says_who_it_is_and_what_is_owed(admin_client):
    customer = make_overdue_subscription().customer
    Customer.objects.filter(pk=customer.pk).update(name="Ann Lee", phone="555-0101")
    headline = text_of(admin_client.get(url(customer))).partition('class="headline')[2].partition("</dl>")[0]
    for text in ("Ann Lee", customer.code, "555-0101", "$20.00", "overdue", "$0.00"):
        assert text in headline


def test_a_note_is_written_once_and_stands_above_the_form_and_in_the_timeline(admin_client):
    customer = make_customer()
    values = {**shown(admin_client, customer, "write_note"), "text": "Rings at <noon> only"}
    for _ in range(2):
        page = text_of(admin_client.post(url(customer, "write_note"), values, follow=True))
    assert "is kept" in page
    notes, timeline = panel(page, "Notes"), panel(page, "Timeline")
    assert notes.count("Rings at &lt;noon&gt; only") == timeline.count("Rings at &lt;noon&gt; only") == 1
    assert "admin" in notes
    assert page.index("Notes") < page.index('id="customer_form"') < page.index("Timeline")


def test_the_timeline_tells_the_kinds_that_one_may_see(staff):
    customer = make_overdue_subscription().customer
    assert "B000001" in panel(text_of(staff("view_customer", "view_bill").get(url(customer))), "Timeline")
    assert "B000001" not in text_of(staff("view_customer", "view_customernote").get(url(customer)))
