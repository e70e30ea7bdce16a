"""Bills are voided, credited and written off at the desk (rules B10, M11)."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from billing.models import Bill, BillingState, CreditNote, TaxRate
from billing.services import credit_notes, items, payments
from tests.builders import access_of, at, issue_next, make_plan, make_subscription
from tests.faces.conftest import shown_messages, text_of, url
from tests.faces.desk import act, errors_of, everything_stored, facts, preview, shown, what_will_happen

pytestmark = pytest.mark.usefixtures("books_are_right")


@pytest.fixture
def bill(today):
    """30.00 for a router without tax and 20.00 for April with 10 % of tax: 52.00, nothing paid."""
    vat = TaxRate.objects.create(name="VAT", percent=10)
    subscription = make_subscription(plan=make_plan(tax_rate=vat), starts_on=date(2026, 4, 1), login="ann")
    items.add(customer=subscription.customer, description="Router", amount=Decimal(30), now=at("2026-04-01"))
    today("2026-04-10")
    return issue_next(subscription, now=at("2026-04-01"))


def line_of(bill, **found):
    return f"line_{bill.lines.get(**found).pk}"


def test_b10_a_bill_is_voided_with_a_reason_and_its_period_can_be_billed_again(admin_client, admin_user, bill):
    told = what_will_happen(preview(admin_client, bill, "void", reason="Wrong plan"))
    assert f"Bill {bill} is void: nothing is owed for it, and its periods can be billed again." in told
    assert "“Router” over $30.00 waits for the next bill again." in told
    response = act(admin_client, bill, "void", reason="Wrong plan")
    bill.refresh_from_db()
    assert (bill.status, bill.voided_by, bill.void_reason) == (Bill.Status.VOID, admin_user, "Wrong plan")
    assert BillingState.objects.get().billed_until == date(2026, 4, 1)
    assert "its periods can be billed again" in shown_messages(response)
    page = text_of(response)
    assert "Wrong plan" in page
    for action in ("void", "credit_note", "write_off", "receive_payment"):
        assert url(bill, action) not in page


def test_b10_of_a_void_bill_without_periods_none_is_billed_again(admin_client, bill):
    items.add(customer=bill.customer, description="Cable", amount=Decimal(5), now=timezone.now())
    of_items = items.bill_now(customer=bill.customer, now=timezone.now())
    told = what_will_happen(preview(admin_client, of_items, "void", reason="Wrong"))
    assert f"Bill {of_items} is void: nothing is owed for it. “Cable” over $5.00 waits" in told


def test_b10_a_bill_that_is_paid_in_part_is_not_voided(admin_client, bill):
    stale = {"reason": "Wrong", "confirmed": "1"}
    payments.receive(customer=bill.customer, amount=Decimal(1), method="cash", now=timezone.now())
    before = everything_stored()
    assert "Reverse its payments first" in errors_of(admin_client.post(url(bill, "void"), stale))
    assert "Reverse its payments first" in shown_messages(admin_client.get(url(bill, "void"), follow=True))
    assert url(bill, "void") not in text_of(admin_client.get(url(bill)))
    assert everything_stored() == before


@pytest.mark.parametrize("action", ["void", "write_off", "credit_note"])
def test_m11_a_reason_is_asked_for(admin_client, bill, action):
    before = everything_stored()
    for send in (preview, act):
        assert "Say why" in errors_of(send(admin_client, bill, action, reason=" "))
    assert everything_stored() == before


def test_m11_the_form_as_it_is_shown_takes_back_the_whole_bill(admin_client, bill):
    response = preview(admin_client, bill, "credit_note", reason="Wrong plan")
    assert (facts(response)["Net"], facts(response)["Tax VAT"], facts(response)["Credit note"]) == (
        "$50.00",
        "$2.00",
        "$52.00",
    )
    response = act(admin_client, bill, "credit_note", reason="Wrong plan")
    note = CreditNote.objects.get()
    assert (note.total, note.tax, note.reason) == (52, 2, "Wrong plan")
    assert response.redirect_chain[-1][0] == url(note)
    message = shown_messages(response)
    assert f"Credit note {note} over $52.00, $2.00 of it tax for bill {bill}." in message
    assert f"Bill {bill} is paid in full." in message


def test_m11_a_part_of_one_line_is_taken_back_with_its_tax(admin_client, bill):
    changes = {line_of(bill, kind="item"): "", line_of(bill, kind="recurring"): "5", "reason": "Outage"}
    act(admin_client, bill, "credit_note", **changes)
    bill.refresh_from_db()
    assert (CreditNote.objects.get().total, bill.outstanding) == (Decimal("5.50"), Decimal("46.50"))
    page = text_of(admin_client.get(url(bill)))
    assert "$5.50" in page
    assert str(shown(admin_client, bill, "credit_note")[line_of(bill, kind="recurring")]) == "15.00"


@pytest.mark.parametrize(
    ("amounts", "says"),
    [
        (("20.01", ""), "is left to credit"),
        (("-1", ""), "The amount must be above zero"),
        (("0", ""), "The amount must be above zero"),
        (("1.005", ""), "has too many decimals"),
        (("", ""), "Enter an amount for one line at least"),
    ],
)
def test_m11_what_cannot_be_credited_is_explained(admin_client, bill, amounts, says):
    before = everything_stored()
    changes = dict(zip((line_of(bill, kind="recurring"), line_of(bill, kind="item")), amounts, strict=True))
    for send in (preview, act):
        assert says in errors_of(send(admin_client, bill, "credit_note", reason="Wrong", **changes))
    assert everything_stored() == before


def test_a_written_off_bill_is_not_waited_for_and_access_comes_back(admin_client, disabled):
    bill = Bill.objects.get()
    told = what_will_happen(preview(admin_client, bill, "write_off", reason="Moved away"))
    assert "ann-home is online again" in told
    assert not access_of(disabled).is_on
    response = act(admin_client, bill, "write_off", reason="Moved away")
    assert access_of(disabled).is_on
    assert CreditNote.objects.get().kind == CreditNote.Kind.WRITE_OFF
    assert f"$20.00 of bill {bill} is written off" in shown_messages(response)


def test_a_paid_bill_is_not_written_off(admin_client, bill):
    stale = {**shown(admin_client, bill, "write_off"), "reason": "Hope", "confirmed": "1"}
    payments.receive(customer=bill.customer, amount=Decimal(52), method="cash", now=timezone.now())
    before = everything_stored()
    response = admin_client.post(url(bill, "write_off"), stale)
    assert "is not open: there is nothing to write off" in errors_of(response)
    assert everything_stored() == before


def test_the_page_of_a_bill_shows_its_net_its_taxes_and_its_credit_notes(admin_client, bill):
    note = credit_notes.correct(
        bill=bill, reason="Outage", now=timezone.now(), amounts={bill.lines.first().pk: Decimal(1)}
    )
    page = text_of(admin_client.get(url(bill)))
    for text in ("$50.00", "VAT", "10 %", "$2.00", "$52.00", note.number, "Outage"):
        assert text in page
    assert "10 %" in text_of(admin_client.get(url(note)))
