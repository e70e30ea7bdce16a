"""The suspense list: whose money it may be, resolved to a customer or refused with a reason."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Payment, UnmatchedPayment
from tests.builders import issue_next, make_customer, make_plan, make_subscription
from tests.faces.conftest import list_url, shown_messages, text_of, url
from tests.faces.desk import act, errors_of, facts, preview, shown, what_will_happen
from tests.importing import NOW, bring_in


@pytest.fixture
def item():
    bring_in("payments", "Receipt No,Amount,Phone,Payer,Details\nR1,20.00,254700000002,Zoltan,hello\n")
    return UnmatchedPayment.objects.get()


@pytest.fixture
def zoltan():
    subscription = make_subscription(
        customer=make_customer(code="C-17", name="Zoltan Example"), plan=make_plan(price=20), starts_on=date(2026, 5, 1)
    )
    issue_next(subscription, now=NOW)
    return subscription.customer


def test_the_list_shows_what_is_open(admin_client, item):
    response = admin_client.get(list_url(UnmatchedPayment, "?state=open"))
    assert "R1" in text_of(response)
    assert "R1" not in text_of(admin_client.get(list_url(UnmatchedPayment, "?state=resolved")))
    assert "R1" in text_of(admin_client.get(list_url(UnmatchedPayment, "?q=zoltan")))


def test_the_page_suggests_whose_it_may_be_and_the_form_takes_the_only_one(admin_client, item, zoltan):
    assert "C-17 Zoltan Example" in text_of(admin_client.get(url(item)))
    assert shown(admin_client, item, "resolve") == {"customer": "C-17"}


def test_what_it_pays_is_seen_before_it_is_taken(admin_client, item, zoltan):
    response = preview(admin_client, item, "resolve")
    assert facts(response)["Owes"] == "$20.00"
    assert "paid" in what_will_happen(response)
    assert not Payment.objects.exists()
    response = act(admin_client, item, "resolve")
    assert "$20.00 received" in shown_messages(response)
    payment = Payment.objects.get()
    assert (payment.customer, payment.amount, payment.allocated) == (zoltan, Decimal(20), Decimal(20))
    response = admin_client.get(url(item, "resolve"), follow=True)
    assert "is resolved already" in shown_messages(response)


def test_a_code_of_nobody_is_told(admin_client, item):
    response = preview(admin_client, item, "resolve", customer="C-99")
    assert "There is no customer with the code C-99" in errors_of(response)


def test_it_is_refused_with_a_reason(admin_client, item):
    assert "Say why" in errors_of(act(admin_client, item, "refuse"))
    assert "is refused" in shown_messages(act(admin_client, item, "refuse", reason="Sent back"))
    item.refresh_from_db()
    assert item.refusal == "Sent back"
