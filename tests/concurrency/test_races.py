"""What holds when many do the same thing at once (rules M7, M9, M10, B1, E9)."""

import random
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from billing.models import AccessEvent, Allocation, Bill, Payment
from billing.services import numbers, payments, sweep
from tests.builders import at, issue_next, make_customer, make_overdue_subscription, make_plan, make_subscription
from tests.concurrency.races import together

pytestmark = pytest.mark.django_db(transaction=True)

NOW = at("2026-06-15T10:00")


@pytest.fixture
def bill_and_payments():
    """One bill of 100.00 and 40 payments of 7.00 of the same customer, all unallocated."""
    subscription = make_subscription(plan=make_plan(price=Decimal(100)))
    bill = issue_next(subscription, now=NOW)
    made = [
        Payment.objects.create(
            customer=subscription.customer, amount=7, currency="USD", received_at=NOW, number=f"X{n}", sequence=n
        )
        for n in range(40)
    ]
    return bill, made


def allocate_all_at_once(bill, made):
    def allocate(payment):
        try:
            Allocation.objects.create(payment=payment, bill=bill, amount=7, allocated_at=NOW)
        except IntegrityError:
            return False
        return True

    return sum(together(*(lambda payment=payment: allocate(payment) for payment in made)))


def test_m7_of_40_allocations_of_7_on_100_at_once_14_succeed(bill_and_payments):
    bill, made = bill_and_payments
    assert allocate_all_at_once(bill, made) == 14
    bill.refresh_from_db()
    assert bill.allocated == 98


def test_control_without_the_trigger_all_40_are_written(bill_and_payments):
    bill, made = bill_and_payments
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_allocation DISABLE TRIGGER allocation_adds_up")
    try:
        assert allocate_all_at_once(bill, made) == 40
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE billing_allocation ENABLE TRIGGER allocation_adds_up")


def test_m9_the_same_payment_posted_8_times_at_once_is_one():
    subscription, key = make_overdue_subscription(now=NOW), uuid4()

    def post():
        return payments.receive(
            customer=subscription.customer, amount=Decimal(20), method="cash", now=NOW, request_key=key
        ).number

    assert set(together(*[post] * 8)) == {"R000001"}
    assert (Payment.objects.count(), Allocation.objects.count()) == (1, 1)


def test_the_same_new_customer_posted_8_times_at_once_is_one_and_uses_up_one_code():
    key = uuid4()
    assert set(together(*[lambda: make_customer(request_key=key, now=NOW).code] * 8)) == {"C000001"}
    assert make_customer().code == "C000002"


def test_control_without_a_key_8_clicks_make_8_customers():
    assert len(set(together(*[lambda: make_customer(now=NOW).code] * 8))) == 8


def test_m9_one_gateway_transaction_for_8_customers_at_once_pays_one():
    made = [make_customer() for _ in range(8)]

    def post(customer):
        try:
            payments.receive(
                customer=customer, amount=Decimal(20), method="bank", now=NOW, gateway="bank", transaction_id="T-1"
            )
        except Exception as error:
            return type(error).__name__
        return "received"

    answers = together(*(lambda customer=customer: post(customer) for customer in made))
    assert sorted(answers) == ["Refused"] * 7 + ["received"]
    assert Payment.objects.count() == 1


class RolledBack(Exception):
    pass


def issue_numbers(take, seed):
    """25 documents, about 30 % of them rolled back; the numbers of the others."""
    rng, kept = random.Random(seed), []
    for _ in range(25):
        try:
            with transaction.atomic():
                number = take()
                if rng.random() < 0.3:
                    raise RolledBack
            kept.append(number)
        except RolledBack:
            pass
    return kept


def test_m10_8_issuers_with_rollbacks_leave_no_gap():
    works = [lambda seed=seed: issue_numbers(lambda: numbers.take("bill")[0], seed) for seed in range(8)]
    kept = sorted(number for result in together(*works) for number in result)
    assert kept == list(range(1, len(kept) + 1))


def test_control_a_sequence_leaves_gaps():
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE control_numbers")

    def take():
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('control_numbers')")
            return cursor.fetchone()[0]

    try:
        works = [lambda seed=seed: issue_numbers(take, seed) for seed in range(8)]
        kept = sorted(number for result in together(*works) for number in result)
        assert kept != list(range(1, len(kept) + 1))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SEQUENCE control_numbers")


def test_b1_the_same_period_issued_8_times_at_once_is_one_bill():
    subscription = make_subscription()
    issued = together(*[lambda: issue_next(subscription, now=NOW).number] * 8)
    assert set(issued) == {"B000001"}
    assert Bill.objects.count() == 1


def test_e9_two_sweeps_at_once_make_one_event_per_lapse():
    for _ in range(60):
        make_overdue_subscription(now=NOW)
    results = together(*[lambda: sweep.disable_due(now=NOW, limit=7)] * 2)
    results.append(sweep.disable_due(now=NOW, limit=7))
    assert sum(len(result.disabled) for result in results) == 60
    assert AccessEvent.objects.count() == 60
    assert not any(result.set_aside for result in results)
