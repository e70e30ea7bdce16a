"""Money taken back: mistakes, refunds, bounced payments, chargebacks (rules M8, M9)."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from billing.models import AccessEvent, Payment, Reversal
from billing.services import credit_notes, reversals
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription
from tests.diary import balance, credit, is_online, owed, pay, reasons, refused, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

NOW = at("2026-04-20")


def paid(amount="30", bills=1):
    """A payment of 1 April and the bills of 30.00 each that came before it."""
    subscription = make_subscription(plan=make_plan(price=Decimal(30)), starts_on=date(2026, 4, 1))
    for number in range(bills):
        issue_next(subscription, now=at(f"2026-0{4 + number}-01"))
    return subscription, pay(subscription.customer, amount, "2026-04-01")


def reverse(payment, amount=None, **how):
    wanted = {"amount": Decimal(amount)} if amount else {}
    return reversals.reverse(**{"payment": payment, "reason": "No funds", "now": NOW, **wanted, **how})


def refund(source, amount=None, **how):
    wanted = {"amount": Decimal(amount)} if amount else {}
    return reversals.refund(**{"source": source, "reason": "Asked", "method": "cash", "now": NOW, **wanted, **how})


def fresh(payment):
    return Payment.objects.get(pk=payment.pk)


@pytest.mark.parametrize("kind", ["mistake", "bounced", "chargeback"])
def test_m8_what_a_payment_paid_is_owed_again_and_access_follows(kind):
    subscription, payment = paid()
    reverse(payment, kind=kind)
    assert (balance(subscription.customer), owed(subscription.customer)) == (30, [30])
    assert fresh(payment).returned == 30
    assert is_online(subscription)
    run("2026-04-20")
    assert reasons(subscription) == ["unpaid"]
    pay(subscription.customer, "30", "2026-04-21")
    assert is_online(subscription)
    assert [event.change for event in AccessEvent.objects.order_by("pk")] == ["blocked", "unblocked"]


def test_m8_the_payment_itself_stays_as_it_was():
    _, payment = paid()
    before = Payment.objects.filter(pk=payment.pk).values("number", "amount", "received_at", "method").get()
    reverse(payment)
    assert Payment.objects.filter(pk=payment.pk).values("number", "amount", "received_at", "method").get() == before


def test_m8_a_part_is_taken_from_credit_first_and_then_from_the_newest_bill():
    subscription, payment = paid("70", bills=2)
    reverse(payment, "5")
    assert (owed(subscription.customer), credit(subscription.customer)) == ([], 5)
    reverse(payment, "15")
    assert owed(subscription.customer) == [10]
    reverse(payment, "30")
    assert owed(subscription.customer) == [10, 30]
    assert fresh(payment).credit == 0


def test_m8_other_credit_pays_again_what_a_reversal_opened():
    subscription, payment = paid()
    pay(subscription.customer, "100", "2026-04-02")
    reverse(payment)
    assert (owed(subscription.customer), credit(subscription.customer)) == ([], 70)


def test_m8_a_chargeback_that_was_won_counts_again():
    subscription, payment = paid()
    chargeback = reverse(payment, kind="chargeback")
    run("2026-04-20")
    assert not is_online(subscription)
    reversals.win_chargeback(chargeback=chargeback, reason="The bank agreed", now=at("2026-05-02"))
    assert (owed(subscription.customer), balance(subscription.customer), is_online(subscription)) == ([], 0, True)
    with refused("won already"):
        reversals.win_chargeback(chargeback=chargeback, reason="Again", now=at("2026-05-02"))


def test_m8_a_chargeback_of_a_part_is_won_as_that_part():
    subscription, payment = paid()
    chargeback = reverse(payment, "10", kind="chargeback")
    assert owed(subscription.customer) == [10]
    reversals.win_chargeback(chargeback=chargeback, reason="The bank agreed", now=NOW)
    assert (owed(subscription.customer), fresh(payment).returned) == ([], 0)
    reverse(payment)
    assert owed(subscription.customer) == [30]


def test_m8_only_a_chargeback_is_won():
    _, payment = paid()
    bounced = reverse(payment, kind="bounced")
    with refused("Only a chargeback can be won"):
        reversals.win_chargeback(chargeback=bounced, reason="x", now=NOW)


def test_m8_a_refund_pays_credit_out():
    subscription, payment = paid("50")
    assert refund(payment, "20", method="bank").method == "bank"
    assert (balance(subscription.customer), owed(subscription.customer)) == (0, [])


def test_m8_a_refund_beyond_the_credit_opens_the_bill_again():
    subscription, payment = paid("50")
    refund(payment, "25")
    assert (balance(subscription.customer), owed(subscription.customer)) == (5, [5])


def test_m8_the_credit_of_a_corrected_bill_is_paid_out():
    subscription, payment = paid()
    note = credit_notes.correct(bill=payment.allocations.get().bill, reason="Outage", now=NOW)
    refund(note)
    assert (balance(subscription.customer), credit(subscription.customer)) == (0, 0)
    with refused(f"Nothing is left of {note}"):
        refund(note)


def test_m8_credit_that_pays_another_bill_is_paid_out_and_that_bill_owed():
    subscription, payment = paid()
    note = credit_notes.correct(bill=payment.allocations.get().bill, reason="Outage", now=NOW)
    issue_next(subscription, now=at("2026-05-01"))
    refund(note)
    assert owed(subscription.customer) == [30]


def test_m8_what_a_credit_note_paid_of_its_own_bill_is_never_paid_out():
    subscription, payment = paid("10")
    bill = payment.allocations.get().bill
    note = credit_notes.correct(bill=bill, reason="Outage", now=NOW)
    assert note.credit == 10
    with refused("30.00 is above the 10.00 that is left"):
        refund(note, "30")
    refund(note)
    assert balance(subscription.customer) == 0


def test_m8_a_write_off_is_never_paid_out():
    _, payment = paid("10")
    note = credit_notes.write_off(bill=payment.allocations.get().bill, reason="Gone", now=NOW)
    with refused(f"Nothing is left of {note}"):
        refund(note)


def test_m8_credit_that_was_given_is_withdrawn_and_what_it_paid_is_owed():
    subscription, _ = paid("10")
    note = credit_notes.give(customer=subscription.customer, amount=Decimal(50), reason="Sorry", now=NOW)
    assert owed(subscription.customer) == []
    reversals.withdraw(credit_note=note, reason="Wrong customer", now=NOW)
    assert owed(subscription.customer) == [20]
    with refused("Nothing is left"):
        reversals.withdraw(credit_note=note, reason="Wrong customer", now=NOW)


def test_m11_a_note_that_corrects_a_bill_is_not_withdrawn():
    _, payment = paid()
    note = credit_notes.correct(bill=payment.allocations.get().bill, reason="Outage", now=NOW)
    with refused("corrects a bill and stays. Add a one-off item instead"):
        reversals.withdraw(credit_note=note, reason="x", now=NOW)


@pytest.mark.parametrize(
    ("amount", "message"),
    [
        ("30.01", "30.01 is above the 30.00 that is left of R000001. Enter at most 30.00"),
        ("-1", "above zero"),
        ("0.001", "too many decimals"),
    ],
)
def test_m8_no_more_is_taken_back_than_was_paid(amount, message):
    _, payment = paid()
    for deed in (reverse, refund):
        with refused(message):
            deed(payment, amount)


def test_m8_after_a_refund_only_the_rest_is_left():
    _, payment = paid()
    refund(payment, "20")
    with refused("above the 10.00 that is left"):
        reverse(payment, "11")
    assert reverse(payment).amount == 10
    with refused("Nothing is left of R000001"):
        refund(payment)


def test_m8_it_needs_a_reason_a_kind_and_a_way_to_pay():
    _, payment = paid()
    for attempt, message in (
        (lambda: reverse(payment, reason=" "), "Say why"),
        (lambda: refund(payment, reason=""), "Say why"),
        (lambda: reverse(payment, kind="refund"), "“refund” does not take back a payment"),
        (lambda: refund(payment, method="barter"), "“barter” is not a way to pay"),
    ):
        with refused(message):
            attempt()


def test_m9_the_same_request_again_has_one_effect():
    _, payment = paid()
    key, other = uuid4(), uuid4()
    assert refund(payment, "10", request_key=key) == refund(payment, "10", request_key=key)
    assert reverse(payment, request_key=other) == reverse(payment, request_key=other)
    assert Reversal.objects.count() == 2


def test_m9_the_same_key_with_another_body_is_refused():
    _, payment = paid()
    stranger = pay(make_customer(), "30", "2026-04-01")
    key = uuid4()
    refund(payment, "10", request_key=key)
    for attempt in (
        lambda: refund(payment, "11", request_key=key),
        lambda: reverse(payment, "10", request_key=key),
        lambda: refund(stranger, "10", request_key=key),
    ):
        with refused("already used for reversal .*Start a new one"):
            attempt()
