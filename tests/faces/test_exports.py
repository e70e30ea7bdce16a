"""Every list as CSV and XLSX: the rows that are shown, all of them, without what is secret."""

import csv
import io
from decimal import Decimal

import openpyxl
import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import Area, AuditEntry, Customer, Payment, Plan, Subscription
from billing.services import payments
from tests.builders import make_customer, make_plan, make_subscription
from tests.faces.conftest import list_url, shown_messages, text_of
from tests.importing import NOW, brought, checked, outcomes


def address(model, query=""):
    return list_url(model) + "export/" + query


def rows_of(response):
    assert response.status_code == 200, response
    text = b"".join(response.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_every_list_can_be_downloaded(admin_client):
    make_subscription()
    for model in admin.site._registry:
        response = admin_client.get(address(model))
        assert b"".join(response.streaming_content), model


def test_a_file_has_the_rows_that_the_list_shows(admin_client):
    north = Area.objects.create(name="North")
    for number in range(60):
        make_customer(name=f"Ann {number}", area=north if number % 2 else None)
    make_customer(name="Bob", area=north)
    assert len(rows_of(admin_client.get(address(Customer)))) == 61
    assert len(rows_of(admin_client.get(address(Customer, f"?area__id__exact={north.pk}&q=Ann")))) == 30
    assert len(rows_of(admin_client.get(address(Customer, "?p=2&format=csv")))) == 61


def test_values_are_what_spreadsheet_programs_read(admin_client):
    ann = make_customer(code="C-17", name="=1+1", phone="+1 555")
    payments.receive(customer=ann, amount=Decimal("12.50"), method="mobile", now=NOW)
    [row] = rows_of(admin_client.get(address(Payment)))
    expected = {
        "customer code": "C-17",
        "customer name": "'=1+1",
        "amount": "12.50",
        "method": "mobile money",
        "received at": "2026-05-20 10:00:00",
        "received by": "",
    }
    assert {name: row[name] for name in expected} == expected
    [row] = rows_of(admin_client.get(address(Customer)))
    assert (row["phone"], row["owes"]) == ("'+1 555", "0.00")
    plan = make_plan(code="home")
    make_subscription(customer=ann, plan=plan)
    [row] = rows_of(admin_client.get(address(Subscription)))
    assert (row["plan code"], row["has access"]) == ("home", "yes")


@pytest.mark.parametrize(
    ("model", "kind", "needed"),
    [
        (Customer, "customers", {"code", "name", "area", "language"}),
        (Plan, "plans", {"code", "name", "price", "interval", "interval_unit", "mode"}),
        (Subscription, "subscriptions", {"login", "customer", "plan", "starts_on"}),
        (Payment, "payments", {"amount", "reference", "code"}),
    ],
)
def test_a_file_in_any_language_is_brought_in_with_its_columns_and_changes_nothing(admin_client, model, kind, needed):
    customer = make_customer(area=Area.objects.create(name="North"), language="pt")
    make_subscription(customer=customer, plan=make_plan(interval_count=3, interval_unit="week", mode="postpaid"))
    payments.receive(customer=customer, amount=Decimal(20), method="card", now=NOW)
    english, *others = (
        file_in(admin_client, model, kind, language) for language in ("en", "bn", "es", "pt", "fr", "ar")
    )
    assert needed <= set(english.mapping)
    assert all(other.mapping == english.mapping and other.head != english.head for other in others)
    if model is not Payment:
        assert [outcomes(checked(file)) for file in others] == [["same"]] * len(others)


def file_in(client, model, kind, language):
    """The export of a list in a language, brought in again."""
    client.cookies["django_language"] = language
    return brought(kind, b"".join(client.get(address(model)).streaming_content))[0]


def test_a_workbook_has_the_same_rows(admin_client):
    make_plan(code="home", name="=Home", price=Decimal("20.5"))
    response = admin_client.get(address(Plan, "?format=xlsx"))
    assert response["Content-Disposition"].endswith('.xlsx"')
    head, row = openpyxl.load_workbook(io.BytesIO(b"".join(response.streaming_content))).active.iter_rows(
        values_only=True
    )
    shown = dict(zip(head, row, strict=True))
    assert (shown["name"], shown["price"]) == ("=Home", 20.5)


def test_a_list_that_is_too_long_for_a_workbook_is_told(admin_client, settings):
    settings.EXPORT_MAX_XLSX_ROWS = 1
    make_customer(), make_customer()
    response = admin_client.get(address(Customer, "?format=xlsx&q=Test"), follow=True)
    assert "more than 1 rows" in shown_messages(response)
    assert response.redirect_chain[0][0].endswith("?q=Test")


def test_who_downloaded_which_list_with_which_filter_is_in_the_audit(admin_client):
    admin_client.get(address(Customer, "?q=Ann&format=csv"))
    told = AuditEntry.objects.latest("pk")
    assert (told.kind, told.object_type, told.actor.username, told.door) == (
        "action",
        "billing.customer",
        "admin",
        "page",
    )
    assert told.place.endswith("/export/?q=Ann&format=csv")


def test_a_search_that_the_list_cuts_gives_no_file_that_looks_whole(admin_client, monkeypatch):
    monkeypatch.setattr("billing.admin.search.MOST_CUSTOMERS", 2)
    make_customer(), make_customer()
    response = admin_client.get(address(Customer, "?q=Test&format=csv"), follow=True)
    assert "too many customers" in shown_messages(response)


def test_nothing_secret_is_in_a_file(admin_client):
    User.objects.create_user("ann", password="hunter2-hunter2")
    rows = rows_of(admin_client.get(address(User)))
    assert not [name for name in rows[0] if "password" in name]
    assert not [name for name in rows_of(admin_client.get(address(Customer)))[:1] if "request key" in name]


def test_the_links_keep_the_filter_and_need_a_permission_of_their_own(staff):
    make_customer()
    with_it, without = staff("view_customer", "export_lists"), staff("view_customer")
    shown = text_of(with_it.get(list_url(Customer, "?q=Test")))
    assert f"{address(Customer)}?q=Test&amp;format=csv" in shown
    assert "Download this list" not in text_of(without.get(list_url(Customer)))
    assert without.get(address(Customer)).status_code == 403
    assert staff("export_lists").get(address(Customer)).status_code == 403


def test_a_file_of_more_rows_takes_no_more_queries(admin_client):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            rows_of(admin_client.get(address(Customer)))
        return len(asked)

    make_customer()
    queries()
    few = queries()
    for _ in range(5):
        make_customer()
    assert queries() == few


@pytest.mark.parametrize("query", ["?format=csv&nonsense=1", "?area__id__exact=x"])
def test_an_address_that_cannot_be_does_not_fail(admin_client, query):
    assert admin_client.get(address(Customer, query)).status_code in (200, 302)
