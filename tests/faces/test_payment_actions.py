"""Payments are taken back at the desk, and what they paid is owed again (rule M8)."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing.models import Bill, Payment, Reversal
from billing.services import credit_notes, payments
from tests.builders import access_of, make_customer
from tests.faces.conftest import shown_messages, text_of, url
from tests.faces.desk import act, errors_of, everything_stored, facts, preview, shown, what_will_happen

pytestmark = pytest.mark.usefixtures("books_are_right")


@pytest.fixture
def paid(disabled):
    """20.00 that brought the subscription back, and 5.00 more that are credit."""
    return payments.receive(customer=disabled.customer, amount=Decimal(25), method="cash", now=timezone.now())


def test_m8_the_preview_tells_what_a_reversal_does_to_bills_and_access(admin_client, paid):
    bill = Bill.objects.get()
    response = preview(admin_client, paid, "reverse", reason="Wrong customer")
    told = what_will_happen(response)
    assert f"Bill {bill} is open again: $20.00 left to pay, overdue since" in told
    assert "ann-home has an overdue bill now: the next expiry check disables it." in told
    assert "The account: $20.00 owed instead of $5.00 in the customer's favour." in told
    assert facts(response)["Left of it"] == "$25.00"
    assert not Reversal.objects.exists()


def test_m8_a_payment_is_reversed_with_a_reason_and_the_next_step_is_named(admin_client, admin_user, paid):
    response = act(admin_client, paid, "reverse", kind="bounced", reason="Cheque came back")
    reversal = Reversal.objects.get()
    assert (reversal.kind, reversal.amount, reversal.reversed_by) == ("bounced", 25, admin_user)
    assert Bill.objects.get().outstanding == 20
    message = shown_messages(response)
    assert "$25.00 of receipt R000001 is taken back: bounced or failed." in message
    assert "is open again: $20.00 left to pay" in message
    assert "Cheque came back" in text_of(admin_client.get(url(paid)))


def test_m8_a_part_is_taken_from_the_credit_first(admin_client, paid):
    act(admin_client, paid, "reverse", amount="7.50", reason="Counted anew")
    paid.refresh_from_db()
    assert (paid.returned, paid.credit, Bill.objects.get().outstanding) == (Decimal("7.50"), 0, Decimal("2.50"))


def test_m8_a_mistake_is_entered_again(admin_client, paid):
    assert "Enter the right payment with “Receive payment”" in shown_messages(
        act(admin_client, paid, "reverse", reason="Wrong amount")
    )


@pytest.mark.parametrize("action", ["reverse", "refund"])
@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"reason": " "}, "Say why the money is taken back"),
        ({"amount": "25.01"}, "is left of R000001"),
        ({"amount": "0"}, "The amount must be above zero"),
        ({"amount": "-1"}, "The amount must be above zero"),
        ({"amount": "1.001"}, "has too many decimals"),
        ({"request_key": ""}, "Open it anew"),
    ],
)
def test_m8_what_cannot_be_taken_back_is_explained_before_and_at_the_confirmation(
    admin_client, paid, action, changes, says
):
    before = everything_stored()
    for send in (preview, act):
        assert says in errors_of(send(admin_client, paid, action, **{"reason": "Wrong", **changes}))
    assert everything_stored() == before


@pytest.mark.parametrize(("action", "field"), [("reverse", "kind"), ("refund", "method")])
def test_an_unknown_kind_or_way_to_pay_is_refused(admin_client, paid, action, field):
    before = everything_stored()
    response = act(admin_client, paid, action, reason="Wrong", **{field: "refund-by-post"})
    assert field in response.context["form"].errors
    assert everything_stored() == before


def test_m8_a_payment_that_is_gone_has_no_buttons_and_says_so(admin_client, paid):
    act(admin_client, paid, "reverse", reason="Wrong")
    page = text_of(admin_client.get(url(paid)))
    assert url(paid, "reverse") not in page
    assert url(paid, "refund") not in page
    response = admin_client.get(url(paid, "refund"), follow=True)
    assert "is taken back already: nothing is left of it" in shown_messages(response)


def test_m9_the_same_form_with_another_amount_is_refused(admin_client, paid):
    values = {**shown(admin_client, paid, "reverse"), "reason": "Wrong", "confirmed": "1"}
    admin_client.post(url(paid, "reverse"), {**values, "amount": "5"})
    assert "already used" in errors_of(admin_client.post(url(paid, "reverse"), {**values, "amount": "6"}))
    assert Reversal.objects.get().amount == 5


def test_m8_a_refund_is_booked_and_says_to_hand_the_money_over(admin_client, paid):
    response = act(admin_client, paid, "refund", amount="5", method="bank", reason="Paid too much")
    assert shown_messages(response).startswith("$5.00 of receipt R000001 is booked as paid out.")
    assert shown_messages(response).endswith("Hand the money over now: bank transfer.")
    assert Reversal.objects.get().method == "bank"
    assert Bill.objects.get().status == Bill.Status.PAID


def test_m8_a_chargeback_that_is_won_counts_again(admin_client, paid, disabled):
    act(admin_client, paid, "reverse", kind="chargeback", reason="Bank")
    lost = Reversal.objects.get()
    response = act(admin_client, lost, "win_chargeback", reason="The bank gave in")
    assert "$25.00 of receipt R000001 counts again" in shown_messages(response)
    assert f"Bill {Bill.objects.get()} is paid in full" in shown_messages(response)
    assert access_of(disabled).cut_off_at is None
    assert url(lost, "win_chargeback") not in text_of(admin_client.get(url(lost)))


def test_only_a_chargeback_can_be_won(admin_client, paid):
    act(admin_client, paid, "reverse", reason="Wrong")
    mistake = Reversal.objects.get()
    assert url(mistake, "win_chargeback") not in text_of(admin_client.get(url(mistake)))
    before = everything_stored()
    response = admin_client.post(url(mistake, "win_chargeback"), {"reason": "Hope", "confirmed": "1"})
    assert "Only a chargeback can be won" in errors_of(response)
    assert everything_stored() == before


def test_goodwill_is_paid_out_or_taken_back_but_a_correction_stays(admin_client):
    note = credit_notes.give(customer=make_customer(), amount=Decimal(9), reason="Outage", now=timezone.now())
    act(admin_client, note, "refund", amount="4", reason="Asked for cash")
    response = act(admin_client, note, "take_back", reason="Given twice")
    note.refresh_from_db()
    assert (note.returned, note.credit) == (9, 0)
    assert f"$5.00 of credit note {note} is taken back" in shown_messages(response)


def test_a_credit_note_for_a_bill_cannot_be_taken_back(admin_client, paid):
    bill = Bill.objects.get()
    note = credit_notes.correct(bill=bill, reason="Wrong plan", now=timezone.now() + timedelta(seconds=1))
    assert url(note, "take_back") not in text_of(admin_client.get(url(note)))
    response = admin_client.get(url(note, "take_back"), follow=True)
    assert "corrects a bill and stays. Add a one-off item instead" in shown_messages(response)
    assert Payment.objects.get().returned == 0
