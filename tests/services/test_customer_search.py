"""The search of the counter and the lists finds by the beginning of whatever the desk is told, by indexes alone."""

import pytest
from django.db import connection

from billing.models import Bill, Customer
from billing.services import customer_search
from tests.builders import make_customer, make_overdue_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def zoe():
    make_overdue_subscription(customer=make_customer(name="Ann Lee", phone="+1 555-11"), login="ann-home")
    customer = make_customer(name="Zoé Martin O'Hara", phone="+1 (555) 77-88", national_id="AB-99")
    make_overdue_subscription(customer=customer, login="zoe-home")
    return customer


@pytest.mark.parametrize(
    ("typed", "kind"),
    [
        ("C000002", "code"),
        (" c000002 ", "code"),
        ("zoe-h", "login"),
        ("B000002", "bill"),
        ("b000002", "bill"),
        ("ab-9", "national id"),
        ("+1 555 77", "phone"),
        ("15557", "phone"),
        ("zoé mar", "name"),
        ("ZOÉ", "name"),
        ("martin", "name"),
        ("o'hara zo", "name"),
        ("mar o", "name"),
    ],
)
def test_a_customer_is_found_by_what_the_desk_is_told(zoe, typed, kind):
    found = customer_search.find(typed, limit=8)
    assert [(match.customer_id, match.kind) for match in found] == [(zoe.pk, kind)]


@pytest.mark.parametrize("typed", ["", "  ", "nobody", "%", "_", "\\", "'", "':*", "!", "&", "\x00", "zoé nobody", "-"])
def test_what_nobody_has_finds_nobody(zoe, typed):
    assert customer_search.find(typed, limit=8) == []


def test_a_customer_who_is_found_in_several_ways_is_named_once_by_the_first():
    customer = make_customer(code="ANN1", name="Ann Lee")
    make_overdue_subscription(customer=customer, login="ann-home")
    make_customer(name="Lee Ann")
    found = customer_search.find("ann", limit=8)
    assert [match.kind for match in found] == ["code", "name"]
    assert found[0].customer_id == customer.pk


def test_no_more_are_found_than_asked_for():
    for _ in range(4):
        make_customer(name="Ann Lee")
    assert len(customer_search.find("ann", limit=3)) == len(customer_search.find("lee", limit=3)) == 3


@pytest.mark.parametrize("typed", ["C000002", "zoe-h", "15557", "zoé", "ab-9"])
def test_no_table_is_read_as_a_whole(zoe, typed):
    values = {"limit": 8}
    queries = [customer_search._by_beginning(typed, values), customer_search._by_words([typed], values)]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        for query, values in queries:
            cursor.execute(f"EXPLAIN {query}", values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan" not in plan
            assert "Sort" not in plan


def test_a_short_word_counts_in_full_or_beside_a_long_one(zoe):
    li = make_customer(name="Wei Li")
    for typed in ("li", "wei l", "l wei", "wei li"):
        assert {match.customer_id for match in customer_search.find(typed, limit=8)} >= {li.pk}, typed
    assert [match.customer_id for match in customer_search.find("l", limit=8)] == []
    assert [match.customer_id for match in customer_search.find("wei o", limit=8)] == []


def test_a_draft_has_no_number_to_be_found_by(zoe):
    assert Bill.objects.count() == Customer.objects.count() == 2
    assert {match.kind for match in customer_search.find("B", limit=8)} == {"bill"}
