"""The suspense list is searched by indexes: beginnings of references and phones, and words."""

import pytest
from django.db import connection

from billing.models import UnmatchedPayment
from billing.services import unmatched_search
from tests.importing import bring_in

pytestmark = pytest.mark.django_db
HEAD = "Receipt No,Amount,Phone,Payer,Details"
ROWS = (
    "QK7X1Z,20,+254 700 000 001,Zoltán Kodály,hello world",
    "qk9,20,0711 222 333,Ann O'Neil,internet may",
    "X_1,20,,,100%",
)


@pytest.fixture
def rows():
    bring_in("payments", "\n".join([HEAD, *ROWS]))


def found(typed):
    ids = unmatched_search.find(typed)
    return sorted(UnmatchedPayment.objects.filter(pk__in=ids).values_list("reference", flat=True))


@pytest.mark.parametrize(
    ("typed", "references"),
    [
        ("QK7X", ["QK7X1Z"]),
        ("qk", ["QK7X1Z", "qk9"]),
        ("X_", ["X_1"]),
        ("0700000001", ["QK7X1Z"]),
        ("254700000001", ["QK7X1Z"]),
        ("0700 00", ["QK7X1Z"]),
        ("+254 711 222 333", ["qk9"]),
        ("kodály", ["QK7X1Z"]),
        ("zol hell", ["QK7X1Z"]),
        ("o'neil", ["qk9"]),
        ("neil' | 'x", []),
        ("100%", ["X_1"]),
        ("%", []),
        ("", []),
    ],
)
def test_what_is_typed_finds_what_begins_so(rows, typed, references):
    assert found(typed) == references


@pytest.mark.parametrize(
    ("query", "values", "index"),
    [
        (unmatched_search._REFERENCES.format("as_typed"), {"as_typed": "QK%"}, "unmatchedpayment_reference"),
        (unmatched_search._PHONES, {"phone": "700%"}, "unmatchedpayment_phone"),
        (unmatched_search._WORDS, {"words": "'zol':*"}, "unmatchedpayment_words"),
        (unmatched_search._SOURCES, {}, "unmatchedpayment_once"),
    ],
)
def test_every_way_has_its_index(rows, query, values, index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {query}", {**values, "most": 10})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert index in plan or "unmatchedpayment_of_source" in plan, plan
    assert "Seq Scan" not in plan


def test_the_sources_are_told_once_each(rows):
    bring_in("payments", f"{HEAD}\nR1,20,,,\n", source="bank")
    assert unmatched_search.sources() == ["bank", "mpesa"]
