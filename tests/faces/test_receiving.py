import re
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone

from billing.models import Bill, Customer, Payment
from billing.services import access, payments
from tests.builders import access_of, issue_next, make_customer, make_overdue_subscription, make_subscription
from tests.faces.conftest import shown_messages, text_of, url
from tests.faces.desk import everything_stored, facts, preview, what_will_happen


def form_page(client, row):
    return client.get(url(row, "receive_payment"))


def form_of(client, row):
    """The values of the shown form, as a browser would send them."""
    form = form_page(client, row).context["form"]
    return {name: value for name in form.fields if (value := form[name].value()) is not None}


def send(client, row, **changes):
    values = {**form_of(client, row), **changes, "confirmed": "1"}
    return client.post(url(row, "receive_payment"), values, follow=True)


def test_the_form_is_filled_with_what_the_customer_owes(admin_client, disabled):
    values = form_of(admin_client, disabled.customer)
    assert str(values["amount"]) == "20.00"
    assert values["request_key"]


def test_a_payment_at_the_desk_brings_the_subscriber_back_at_once(admin_client, admin_user, disabled):
    response = send(admin_client, disabled.customer, note="At the desk")
    payment = Payment.objects.get()
    assert access_of(disabled).is_on
    assert (payment.amount, payment.received_by, payment.note) == (Decimal(20), admin_user, "At the desk")
    assert response.redirect_chain[-1][0] == url(payment)
    message = shown_messages(response)
    assert payment.number in message
    assert "$20.00 received" in message
    assert f"bill {Bill.objects.get()} in full" in message
    assert "Online again: ann-home" in message


def test_the_message_tells_a_part_payment_and_that_the_subscription_stays_off(admin_client, disabled):
    message = shown_messages(send(admin_client, disabled.customer, amount="5"))
    assert "a part of bill" in message
    assert "$15.00 of it is left" in message
    assert "ann-home stays off" in message
    assert not access_of(disabled).is_on


def test_the_message_tells_what_stays_as_credit(admin_client, disabled):
    assert "$30.00 stays as credit" in shown_messages(send(admin_client, disabled.customer, amount="50"))


def test_a_payment_ends_the_unpaid_block_only_and_says_what_is_left(admin_client, admin_user, disabled):
    access.disable(subscription=disabled, now=timezone.now(), by=admin_user, note="Asked for it")
    message = shown_messages(send(admin_client, disabled.customer))
    assert "Online again" not in message
    assert "ann-home stays off. Disabled as “Manual”" in message


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("EUR 20", "The amount is in EUR, but this installation works in USD"),
        ("0", "The amount must be above zero"),
        ("-5", "The amount must be above zero"),
        ("1.234", "1.234 has too many decimals: USD has 2"),
        ("abc", "“abc” is not an amount"),
        ("1,5", "“1,5” is not an amount"),
        ("1e3", "“1e3” is not an amount"),
        ("999999999999999", "slip of the keyboard"),
        ("", "This field is required"),
    ],
)
def test_a_wrong_amount_is_explained_at_its_field_and_nothing_is_written(admin_client, disabled, amount, says):
    response = send(admin_client, disabled.customer, amount=amount)
    assert says in " ".join(response.context["form"].errors["amount"])
    assert says.replace("“", "").split("”")[0] in text_of(response)
    assert not Payment.objects.exists()
    assert not access_of(disabled).is_on


def test_a_form_that_is_sent_twice_makes_one_payment(admin_client, disabled):
    values = {**form_of(admin_client, disabled.customer), "confirmed": "1"}
    first = admin_client.post(url(disabled.customer, "receive_payment"), values, follow=True)
    again = admin_client.post(url(disabled.customer, "receive_payment"), values, follow=True)
    payment = Payment.objects.get()
    assert first.redirect_chain == again.redirect_chain == [(url(payment), 302)]
    assert shown_messages(first) == shown_messages(again)


def test_a_bills_form_that_is_sent_twice_makes_one_payment_although_the_bill_is_paid(admin_client, disabled):
    bill = Bill.objects.get()
    values = {**form_of(admin_client, bill), "confirmed": "1"}
    assert values["bill"] == bill.pk
    for _ in range(2):
        response = admin_client.post(url(bill, "receive_payment"), values, follow=True)
        assert "received" in shown_messages(response)
    assert Payment.objects.count() == 1


def test_the_same_form_with_another_amount_is_refused(admin_client, disabled):
    values = {**form_of(admin_client, disabled.customer), "confirmed": "1"}
    admin_client.post(url(disabled.customer, "receive_payment"), values)
    response = admin_client.post(url(disabled.customer, "receive_payment"), {**values, "amount": "7"})
    assert "already used for payment R000001. Start a new one." in text_of(response)
    assert Payment.objects.get().amount == 20


@pytest.mark.parametrize("key", ["", "not-a-key"])
def test_a_form_without_its_key_is_refused(admin_client, disabled, key):
    response = send(admin_client, disabled.customer, request_key=key)
    assert "Open “Receive payment” anew" in text_of(response)
    assert not Payment.objects.exists()


def test_a_named_bill_is_paid_before_an_older_one(admin_client, disabled):
    newer = issue_next(disabled, now=timezone.now())
    send(admin_client, disabled.customer, bill=newer.pk, amount="20")
    newer.refresh_from_db()
    assert newer.status == Bill.Status.PAID
    assert Bill.objects.filter(status=Bill.Status.OPEN).count() == 1


def test_a_bill_of_another_customer_cannot_be_named(admin_client, disabled):
    other = make_overdue_subscription()
    bill = Bill.objects.get(customer=other.customer)
    response = send(admin_client, disabled.customer, bill=bill.pk)
    assert "not a bill of this customer" in text_of(response)
    assert not Payment.objects.exists()


def test_a_paid_bill_cannot_be_paid_again_from_its_page(admin_client, disabled):
    bill = Bill.objects.get()
    stale = {**form_of(admin_client, bill), "confirmed": "1"}
    payments.receive(customer=disabled.customer, amount=Decimal(20), method="cash", now=timezone.now())
    page = admin_client.get(url(bill))
    assert "Receive payment" not in text_of(page)
    assert "nothing to pay" in shown_messages(admin_client.get(url(bill, "receive_payment"), follow=True))
    response = admin_client.post(url(bill, "receive_payment"), stale)
    assert "is not an open bill of this customer" in text_of(response)
    assert Payment.objects.count() == 1


def test_a_customer_without_bills_can_pay_ahead(admin_client):
    customer = make_subscription().customer
    assert form_of(admin_client, customer).get("amount") == ""
    send(admin_client, customer, amount="USD 12.50", request_key=uuid4())
    assert Payment.objects.get().credit == Decimal("12.50")


@pytest.mark.parametrize("wrong", ["999999", "abc", "99999999999999999999999999"])
def test_a_customer_that_does_not_exist_gives_a_clear_message(admin_client, wrong):
    address = url(make_customer(), "receive_payment")
    response = admin_client.get(re.sub(r"/\d+/", f"/{wrong}/", address), follow=True)
    assert response.status_code == 200
    assert "doesn’t exist" in shown_messages(response)


def test_the_page_after_a_payment_is_one_that_the_cashier_may_see(staff, disabled):
    cashier = staff("view_customer", "add_payment")
    response = send(cashier, disabled.customer)
    assert response.redirect_chain == [(url(Customer.objects.get()), 302)]
    assert response.status_code == 200


def test_the_preview_tells_what_is_paid_and_who_is_online_again_and_changes_nothing(admin_client, disabled):
    before = everything_stored()
    seen = preview(admin_client, disabled.customer, "receive_payment", amount="25")
    assert seen.context["is_preview"]
    assert facts(seen)["Amount"] == "$25.00"
    told = what_will_happen(seen)
    assert f"Bill {Bill.objects.get()} is paid in full." in told
    assert "ann-home is online again." in told
    assert "Credit for coming bills: $5.00 instead of $0.00." in told
    assert everything_stored() == before


def test_the_preview_tells_who_stays_off(admin_client, disabled):
    told = what_will_happen(preview(admin_client, disabled.customer, "receive_payment", amount="5"))
    assert "$15.00 left to pay instead of $20.00" in told
    assert told.count("ann-home stays off") == 1


def test_the_keyboard_is_enough_amount_then_button_then_receipt(admin_client, disabled):
    assert re.search(r"<input[^>]*name=\"amount\"[^>]*autofocus", text_of(form_page(admin_client, disabled.customer)))
    seen = preview(admin_client, disabled.customer, "receive_payment")
    assert re.search(r'<button[^>]*name="confirmed"[^>]*autofocus', text_of(seen))
    page = send(admin_client, disabled.customer)
    addresses = [f"{url(Payment.objects.get(), 'print_document')}?size={size}" for size in ("a4", "a5", "roll")]
    assert f'href="{addresses[0]}" autofocus' in text_of(page)
    for address in addresses:
        assert address in text_of(page)
        assert admin_client.get(address).status_code == 200


def test_a_preview_of_what_is_received_already_says_so(admin_client, disabled):
    values = form_of(admin_client, disabled.customer)
    admin_client.post(url(disabled.customer, "receive_payment"), {**values, "confirmed": "1"})
    seen = admin_client.post(url(disabled.customer, "receive_payment"), values)
    assert "receipt R000001 is this payment. It was received already." in what_will_happen(seen)


def test_going_back_from_the_preview_keeps_what_was_typed(admin_client, disabled):
    values = {**form_of(admin_client, disabled.customer), "amount": "7", "back": "1"}
    form = admin_client.post(url(disabled.customer, "receive_payment"), values).context["form"]
    assert (form["amount"].value(), form["request_key"].value()) == ("7", str(values["request_key"]))
