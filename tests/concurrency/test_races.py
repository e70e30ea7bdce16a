"""What holds when many do the same thing at once (rules M7, M9, M10, B1, E9)."""

import random
from decimal import Decimal
from functools import partial
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from billing.models import AccessEvent, Allocation, Bill, NumberSeries, Payment
from billing.services import bills, locks, numbers, payments, sweep
from billing.services.drafts import draft
from billing.services.outlook import Outlook
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
            customer=subscription.customer,
            amount=7,
            currency="USD",
            received_at=NOW,
            received_on=NOW.date(),
            number=f"X{n}",
            sequence=n,
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


def test_control_without_a_key_8_posts_are_8_payments():
    customer = make_overdue_subscription(now=NOW).customer
    pay = partial(payments.receive, customer=customer, amount=Decimal(20), method="cash", now=NOW)
    together(*[pay] * 8)
    assert Payment.objects.count() == 8


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


def issue_25(subscription, seed):
    """25 bills of one subscription, about 30 % of them rolled back; how many are kept."""
    chance, kept = random.Random(seed), 0
    for _ in range(25):
        try:
            with transaction.atomic():
                locks.customer(subscription.customer_id)
                outlook = Outlook([subscription.pk])
                bill = draft(subscription.customer_id, [outlook.propose(subscription.pk)], issued_on=NOW.date())
                bills.issue(outlook, [bill], now=NOW)
                if chance.random() < 0.3:
                    raise RolledBack
            kept += 1
        except RolledBack:
            pass
    return kept


def bills_of_8_issuers():
    """8 issuers at once; how many bills they kept, and the numbers of these."""
    made = [make_subscription(plan=make_plan(interval_unit="day")) for _ in range(8)]
    kept = together(*(partial(issue_25, subscription, seed) for seed, subscription in enumerate(made)))
    return sum(kept), list(Bill.objects.order_by("sequence").values_list("sequence", flat=True))


def test_m10_8_issuers_with_rollbacks_leave_no_gap():
    kept, sequences = bills_of_8_issuers()
    assert 100 < kept < 180
    assert sequences == list(range(1, kept + 1))
    assert NumberSeries.objects.get(key="bill").last_value == kept


def test_control_numbers_of_a_sequence_have_gaps(monkeypatch):
    def take_many(key, count, *, on):
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('control_numbers') FROM generate_series(1, %s)", [count])
            return [(value, f"X{value}") for (value,) in cursor.fetchall()]

    monkeypatch.setattr(numbers, "take_many", take_many)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SEQUENCE control_numbers")
    try:
        kept, sequences = bills_of_8_issuers()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SEQUENCE control_numbers")
    assert len(set(sequences)) == kept
    assert max(sequences) > kept


def test_e9_two_sweeps_at_once_make_one_event_per_lapse():
    for _ in range(60):
        make_overdue_subscription(now=NOW)
    results = together(*[lambda: sweep.disable_due(now=NOW, limit=7)] * 2)
    results.append(sweep.disable_due(now=NOW, limit=7))
    assert sum(len(result.disabled) for result in results) == 60
    assert AccessEvent.objects.count() == 60
    assert not any(result.set_aside for result in results)


@pytest.mark.parametrize("plan", ["enable_seqscan", "enable_indexscan"])
def test_a_customer_is_locked_also_before_the_first_subscription_of_all(plan):
    customer = make_customer()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {plan} = off; SET LOCAL enable_bitmapscan = off")
        locks.money(customer.pk)
        assert together(transaction.atomic(lambda: locks.customers([customer.pk], wait=False))) == [[]]
