"""Receive payments (rules M6, M7, M9, E5, E6, E7)."""

from decimal import Decimal
from uuid import uuid4

import pytest

from billing.models import AccessEvent, Allocation, Payment
from billing.rules.errors import Refused
from billing.services import payments, sweep
from tests.builders import (
    access_of,
    at,
    issue_due,
    issue_next,
    make_customer,
    make_overdue_subscription,
    make_plan,
    make_subscription,
)

pytestmark = pytest.mark.django_db(transaction=True)

NOW = at("2026-06-15T10:00")


def pay(customer, amount, **changes):
    return payments.receive(customer=customer, amount=Decimal(amount), **{"method": "cash", "now": NOW, **changes})


def sweep_now(now=NOW):
    return sweep.disable_due(now=now, limit=500)


def test_m6_a_payment_pays_the_oldest_bill_first_and_the_rest_is_credit():
    subscription = make_subscription()
    first, second = issue_due(subscription, now=at("2026-02-01"))
    payment = pay(subscription.customer, "50")
    assert [(a.bill, a.amount) for a in payment.allocations.all()] == [(first, 20), (second, 20)]
    assert payment.credit == 10


def test_m6_staff_may_name_the_bill_and_the_surplus_pays_the_others():
    subscription = make_subscription()
    first, second = issue_due(subscription, now=at("2026-02-01"))
    payment = pay(subscription.customer, "25", bill=second)
    assert [(a.bill, a.amount) for a in payment.allocations.all()] == [(second, 20), (first, 5)]


def test_m6_a_payment_needs_no_bill():
    payment = pay(make_customer(), "5.00")
    assert (payment.credit, payment.number) == (5, "R000001")


def test_m7_a_bill_is_paid_when_its_allocations_equal_its_total_exactly():
    subscription = make_subscription()
    bill = issue_next(subscription, now=at("2026-01-01"))
    pay(subscription.customer, "19.99")
    bill.refresh_from_db()
    assert (bill.status, bill.outstanding) == ("open", Decimal("0.01"))
    pay(subscription.customer, "0.01")
    bill.refresh_from_db()
    assert (bill.status, bill.outstanding) == ("paid", 0)


def test_m9_the_same_request_again_gives_the_same_payment_and_one_effect():
    customer, key = make_customer(), uuid4()
    assert pay(customer, "20", request_key=key) == pay(customer, "20", request_key=key)
    assert Payment.objects.count() == 1


def test_m9_the_same_gateway_transaction_makes_one_payment():
    customer = make_customer()
    first = pay(customer, "20", gateway="bank", transaction_id="T-1")
    assert pay(customer, "20", gateway="bank", transaction_id="T-1") == first
    assert pay(customer, "20", gateway="mobile", transaction_id="T-1") != first


def test_m9_blank_transaction_ids_never_collide():
    customer = make_customer()
    pay(customer, "20", gateway="bank", transaction_id="")
    pay(customer, "20", gateway="bank", transaction_id=" ")
    assert Payment.objects.filter(transaction_id=None).count() == 2


def test_m9_the_same_key_with_another_body_is_refused():
    customer, key = make_customer(), uuid4()
    pay(customer, "20", request_key=key)
    for who, amount in ((customer, "21"), (make_customer(), "20")):
        with pytest.raises(Refused, match="already used for payment R000001"):
            pay(who, amount, request_key=key)
    assert Payment.objects.count() == 1


def test_e7_a_payment_restores_access_in_its_own_transaction():
    subscription = make_overdue_subscription(now=NOW)
    sweep_now()
    assert not access_of(subscription).is_on
    pay(subscription.customer, "20")
    assert access_of(subscription).is_on
    event = AccessEvent.objects.latest("id")
    assert (event.change, event.reason, event.rule, event.was_on, event.is_on) == (
        "unblocked",
        "unpaid",
        "E7",
        False,
        True,
    )


def test_a_part_payment_does_not_restore():
    subscription = make_overdue_subscription(now=NOW)
    sweep_now()
    pay(subscription.customer, "19.99")
    assert not access_of(subscription).is_on


def test_e6_paying_one_of_several_overdue_bills_is_not_enough():
    subscription = make_overdue_subscription(days=50, now=NOW)
    issue_next(subscription, now=at("2026-05-12"))
    sweep_now()
    pay(subscription.customer, "20")
    assert not access_of(subscription).is_on
    pay(subscription.customer, "20")
    assert access_of(subscription).is_on


def test_e5_only_the_subscriptions_on_the_unpaid_bills_are_cut():
    customer = make_customer()
    overdue = make_overdue_subscription(customer=customer, now=NOW)
    other = make_overdue_subscription(customer=customer, now=NOW)
    pay(customer, "20", bill=other.lines.get().bill)
    assert sweep_now().disabled == [customer.code]
    assert (access_of(overdue).is_on, access_of(other).is_on) == (False, True)


def test_paying_with_a_plan_of_another_price_restores_only_what_is_paid():
    customer = make_customer()
    cheap = make_overdue_subscription(customer=customer, days=20, now=NOW)
    dear = make_overdue_subscription(customer=customer, plan=make_plan(price=Decimal(90)), now=NOW)
    assert len(sweep_now().disabled) == 2
    pay(customer, "50")
    assert (access_of(cheap).is_on, access_of(dear).is_on) == (True, False)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"amount": "0"}, "above zero"),
        ({"amount": "-1"}, "above zero"),
        ({"amount": "1.005"}, "too many decimals"),
        ({"currency": "EUR"}, "in EUR, but this installation works in USD"),
        ({"method": "shells"}, "not a way to pay"),
    ],
)
def test_a_payment_that_cannot_be_is_refused_and_nothing_is_written(changes, message):
    subscription = make_overdue_subscription(now=NOW)
    amount = changes.pop("amount", "20")
    with pytest.raises(Refused, match=message):
        pay(subscription.customer, amount, **changes)
    assert not Payment.objects.exists() and not Allocation.objects.exists()


def test_another_customers_bill_or_a_paid_one_cannot_be_named():
    subscription = make_overdue_subscription(now=NOW)
    bill = subscription.lines.get().bill
    with pytest.raises(Refused, match="not an open bill of this customer"):
        pay(make_customer(), "20", bill=bill)
    pay(subscription.customer, "20")
    with pytest.raises(Refused, match="may be paid already"):
        pay(subscription.customer, "20", bill=bill)
    assert Payment.objects.count() == 1
