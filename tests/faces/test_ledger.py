from decimal import Decimal

import pytest
from django.utils import timezone

from billing.models import Account, Bill, LedgerEntry, Payment
from billing.services import payments
from tests.builders import make_customer, make_overdue_subscription
from tests.faces.conftest import list_url, text_of, url


@pytest.fixture
def books():
    """Ann owes 20.00 and Zoe has 5.00 with us."""
    make_overdue_subscription(customer=make_customer(name="Ann Lee"))
    payments.receive(customer=make_customer(name="Zoe May"), amount=Decimal(5), method="cash", now=timezone.now())


def rows(client, model, query):
    return [str(row.amount if model is LedgerEntry else row) for row in _results(client, model, query)]


def _results(client, model, query):
    return client.get(list_url(model, query)).context["cl"].result_list


@pytest.mark.parametrize(
    ("query", "amounts"),
    [
        ("", ["-5.000", "20.000"]),
        ("?q=b000001", ["20.000"]),
        ("?q=R000001", ["-5.000"]),
        ("?q=Zoe", ["-5.000"]),
        ("?q=C000001", ["20.000"]),
        ("?q=nobody", []),
        ("?kind__exact=bill", ["20.000"]),
        ("?kind__exact=void", []),
    ],
)
def test_the_ledger_is_searched_and_filtered(admin_client, books, query, amounts):
    assert rows(admin_client, LedgerEntry, query) == amounts


@pytest.mark.parametrize(
    ("query", "balances"),
    [
        ("", ["20.000", "-5.000"]),
        ("?balance=owes", ["20.000"]),
        ("?balance=credit", ["-5.000"]),
        ("?balance=nonsense", ["20.000", "-5.000"]),
        ("?q=zoe", ["-5.000"]),
        ("?q=C000001", ["20.000"]),
    ],
)
def test_the_balances_are_searched_and_filtered(admin_client, books, query, balances):
    assert rows(admin_client, Account, query) == balances


def test_an_entry_leads_to_its_document(admin_client, books):
    for document in (Bill.objects.get(), Payment.objects.get()):
        entry = LedgerEntry.objects.get(**{document._meta.model_name: document})
        assert f'href="{url(document)}">{document}</a>' in text_of(admin_client.get(url(entry)))
        assert f'href="{url(document)}">{document}</a>' in text_of(admin_client.get(list_url(LedgerEntry)))
