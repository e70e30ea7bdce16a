from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from billing.models import Area, Customer, NumberSeries
from billing.services import payments
from tests.builders import make_customer
from tests.faces.conftest import list_url, shown_messages, text_of, url

ADD = "/admin/billing/customer/add/"


def test_a_new_customer_without_a_code_gets_the_next_one(admin_client):
    response = admin_client.post(ADD, {"name": "Ann Lee", "phone": "555-1"}, follow=True)
    customer = Customer.objects.get()
    assert customer.code == "C000001"
    assert customer.created_at
    assert response.redirect_chain[-1][0] == url(customer)
    assert LogEntry.objects.get().object_id == str(customer.pk)


def test_a_new_customer_keeps_the_code_that_was_typed(admin_client):
    admin_client.post(ADD, {"name": "Ann Lee", "code": "A-7"})
    assert Customer.objects.get().code == "A-7"
    assert not NumberSeries.objects.exists()


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"name": ""}, "This field is required"),
        ({"name": "   "}, "This field is required"),
        ({"name": "Bo", "code": "A-7"}, "already exists"),
        ({"name": "Bo", "email": "nobody"}, "valid email"),
        ({"name": "Bo", "code": "x" * 21}, "at most 20 characters"),
    ],
)
def test_a_wrong_customer_is_explained_and_not_added(admin_client, values, says):
    make_customer(code="A-7")
    response = admin_client.post(ADD, values)
    assert says in text_of(response)
    assert Customer.objects.count() == 1


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
