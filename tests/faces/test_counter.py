"""The counter's page, its box on the first page, and what the box is offered while somebody types."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.builders import make_customer
from tests.faces.conftest import text_of, url

COUNTER, MATCHES = "/admin/counter/", "/admin/counter/matches/"


def offered(client, typed):
    return client.get(MATCHES, {"q": typed}).json()["matches"]


def test_the_box_offers_who_is_meant_with_what_they_owe(admin_client, disabled):
    customer = disabled.customer
    assert offered(admin_client, "ann-h") == [
        {"address": url(customer), "name": str(customer), "found_by": "login ann-home", "owes": "$20.00"}
    ]
    assert offered(admin_client, customer.code)[0]["found_by"] == ""
    assert offered(admin_client, "nobody") == offered(admin_client, "") == []


def test_without_scripts_enter_opens_the_only_one_and_lists_several(admin_client, disabled):
    assert admin_client.get(COUNTER, {"q": "ann-home"}).url == url(disabled.customer)
    one, two = make_customer(name="Bob Ray"), make_customer(name="Bob Roe")
    page = text_of(admin_client.get(COUNTER, {"q": "bob"}))
    assert f'href="{url(one)}"' in page
    assert f'href="{url(two)}"' in page
    assert 'value="bob"' in page
    assert "Nobody." in text_of(admin_client.get(COUNTER, {"q": "nobody"}))


def test_the_box_is_on_the_first_page_and_in_the_menu_of_who_may_see_customers(staff):
    page = text_of(staff("view_customer").get("/admin/"))
    assert f'data-matches="{MATCHES}"' in page
    assert f'href="{COUNTER}"' in page
    assert MATCHES not in text_of(staff("view_bill").get("/admin/"))


@pytest.mark.parametrize("address", [COUNTER, MATCHES])
def test_the_counter_is_for_those_who_may_see_customers(client, staff, address):
    assert staff("view_bill").get(address, {"q": "ann"}).status_code == 403
    assert staff("view_customer").get(address, {"q": "ann"}).status_code == 200
    assert client.get(address, {"q": "ann"}).url.startswith("/admin/login/")


def test_what_is_found_is_shown_and_never_run(admin_client):
    for _ in range(2):
        make_customer(name="<script>alert(1)</script>")
    assert "<script>alert(1)" not in text_of(admin_client.get(COUNTER, {"q": "<script>alert(1)"}))


def test_more_matches_ask_no_more_queries(admin_client, disabled):
    def queries():
        with CaptureQueriesContext(connection) as asked:
            offered(admin_client, "ann")
        return len(asked)

    queries()
    few = queries()
    for _ in range(4):
        make_customer(name="Ann Lee")
    assert queries() <= few
