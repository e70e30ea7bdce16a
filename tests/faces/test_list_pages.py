"""The pages of a list go by the keys of their rows, and what is said of their number is true."""

from datetime import date
from itertools import chain

import pytest
from django.db import connection

from billing.admin import keyset, search
from billing.admin.lists import FastList
from billing.models import Account, Bill, Customer
from billing.services import counting
from tests.builders import issue_next, make_customer, make_plan, make_subscription
from tests.faces.conftest import list_url, text_of


def all_of(pages):
    return list(chain.from_iterable(pages))


def walk(rows, key, *, start="", way="next", size=2):
    """The primary keys of all pages from ``start`` on, page by page."""
    place, pages = start, []
    while True:
        page = keyset.page(rows, key, place=place, size=size)
        pages.append([row.pk for row in page.rows])
        place = getattr(page, way)
        if not place:
            return pages


@pytest.fixture
def namesakes():
    for name in ("Bob", "Ann", "Bob", "Zoe", "Bob"):
        make_customer(name=name)


@pytest.mark.parametrize("key", ["code", "-code", "name", "-name", "pk", "-pk"])
def test_pages_show_every_row_once_in_order_from_either_end(namesakes, key):
    rows = Customer.objects.all()
    inside = list(rows.order_by(*keyset.total_order(Customer, key)).values_list("pk", flat=True))
    assert walk(rows, key) == [inside[:2], inside[2:4], inside[4:]]
    assert walk(rows, key, start="last", way="previous") == [inside[3:], inside[1:3], inside[:2]]


def test_pages_of_other_types_of_keys(namesakes):
    service = make_subscription(plan=make_plan())
    for _ in range(3):
        issue_next(service, now=service.created_at)
    assert all_of(walk(Bill.objects.all(), "-issued_on")) == all_of(walk(Bill.objects.all(), "-pk"))
    assert all_of(walk(Account.objects.all(), "pk")) == sorted(Account.objects.values_list("pk", flat=True))
    assert all_of(walk(Customer.objects.all(), "created_at")) == sorted(Customer.objects.values_list("pk", flat=True))


def test_a_row_that_comes_or_goes_moves_no_other_to_another_page(namesakes):
    rows = Customer.objects.all()
    second = keyset.page(rows, "code", place=keyset.page(rows, "code", place="", size=2).next, size=2)
    make_customer(code="A")
    Customer.objects.filter(code="C000002").delete()
    first = keyset.page(rows, "code", place=second.previous, size=2)
    assert [row.code for row in first.rows] == ["A", "C000001"]
    again = keyset.page(rows, "code", place=first.next, size=2)
    assert [row.code for row in again.rows] == [row.code for row in second.rows]


@pytest.mark.parametrize("place", ["2", "after:", "after:[]", "after:[1]", 'after:["\\u0000"]', "after:x", "before:{}"])
def test_a_place_that_cannot_be_read_is_the_first_page(admin_client, namesakes, place):
    page = admin_client.get(list_url(Customer), {"p": place})
    assert page.status_code == 200
    assert page.context["cl"].result_list[0].code == "C000001"


def test_links_lead_through_the_pages_with_the_filter_and_the_order(admin_client, namesakes, monkeypatch):
    monkeypatch.setattr(FastList, "list_per_page", 2)
    page = admin_client.get(list_url(Customer), {"o": "1", "q": "bob"})
    pager = page.context["cl"].paginator
    assert "First" not in text_of(page)
    assert 'rel="next"' in text_of(page)
    assert "3 customers" in text_of(page)
    last = admin_client.get(list_url(Customer) + pager.last)
    assert len(last.context["cl"].result_list) == 2
    assert not last.context["cl"].paginator.next
    first = admin_client.get(list_url(Customer) + last.context["cl"].paginator.first)
    assert first.context["cl"].result_list == page.context["cl"].result_list
    assert "q=bob" in pager.next
    assert "o=1" in pager.next


def test_a_list_is_sorted_by_columns_that_have_an_index_only(admin_client, namesakes):
    def shown(order):
        return [row.name for row in admin_client.get(list_url(Customer), {"o": order}).context["cl"].result_list]

    assert shown("1") == sorted(shown("1")) != shown("0")
    assert shown("-1") == shown("1")[::-1]
    for other in ("2", "99", "x", "-", "1-1", "", "."):
        assert shown(other) == shown("0"), other


def test_a_filter_brings_its_order(admin_client):
    service = make_subscription(plan=make_plan())
    for _ in range(3):
        issue_next(service, now=service.created_at)
    bills = admin_client.get(list_url(Bill), {"state": "open", "o": "-2"}).context["cl"]
    assert [bill.due_on for bill in bills.result_list] == sorted(bill.due_on for bill in bills.result_list)
    assert bills.sortable_by == ()
    later = admin_client.get(list_url(Bill), {"due_on__gte": date(2026, 1, 1), "due_on__lt": date(2099, 1, 1)})
    assert len(later.context["cl"].result_list) == 3


def test_a_list_counts_no_further_than_its_cap(admin_client, namesakes, monkeypatch):
    monkeypatch.setattr(counting, "MOST_COUNTED", 3)
    monkeypatch.setattr(counting, "MOST_MATCHING", 2)
    monkeypatch.setattr(FastList, "list_per_page", 1)
    assert "more than 2 customers" in text_of(admin_client.get(list_url(Customer), {"q": "bob"}))
    assert "more than 3 customers" in text_of(admin_client.get(list_url(Customer)))
    with connection.cursor() as cursor:
        cursor.execute("UPDATE pg_class SET reltuples = 123456 WHERE relname = 'billing_customer'")
    assert "about 120,000 customers" in text_of(admin_client.get(list_url(Customer)))
    assert "more than 2 customers" in text_of(admin_client.get(list_url(Customer), {"q": "bob"}))


def test_a_vague_search_says_that_it_does_not_show_all(admin_client, namesakes, monkeypatch):
    told = "of the first customers that match"
    assert told not in text_of(admin_client.get(list_url(Customer), {"q": "bob"}))
    monkeypatch.setattr(search, "MOST_CUSTOMERS", 2)
    assert told in text_of(admin_client.get(list_url(Customer), {"q": "bob"}))


def test_what_a_field_offers_counts_no_further_either(admin_client, namesakes, monkeypatch):
    monkeypatch.setattr(counting, "MOST_COUNTED", 2)
    query = "?app_label=billing&model_name=subscription&field_name=customer&term="
    answer = admin_client.get(f"/admin/autocomplete/{query}").json()
    assert len(answer["results"]) == 2
