"""A payment against the close of its shift: it is in the sum of the close, or in no shift at all."""

from decimal import Decimal
from threading import Event

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from billing.models import CashShift, Payment
from billing.services import cash, payments
from tests.builders import make_customer
from tests.concurrency.races import together
from tests.concurrency.windows import until_somebody_waits

pytestmark = pytest.mark.django_db(transaction=True)
LONGEST = 30  # seconds


@pytest.fixture
def ann():
    return User.objects.create_user("ann")


@pytest.fixture
def shift(ann):
    return cash.start(staff=ann, opening_float=Decimal(50), now=timezone.now())


def take(customer, by):
    return payments.receive(customer=customer, amount=Decimal(20), method="cash", now=timezone.now(), by=by)


def test_a_payment_that_comes_while_the_shift_is_closed_is_in_none(ann, shift, monkeypatch):
    customer, counted, require = make_customer(), Event(), cash.require_reason

    def when_the_payment_waits(*args):
        counted.set()
        with connection.cursor() as cursor:
            until_somebody_waits(cursor)
        return require(*args)

    def pay():
        assert counted.wait(LONGEST)
        return take(customer, ann)

    monkeypatch.setattr(cash, "require_reason", when_the_payment_waits)
    together(lambda: cash.close(shift=shift, counted=Decimal(50), reason="", now=timezone.now(), by=ann), pay)
    assert CashShift.objects.get().expected == 50
    assert Payment.objects.get().shift is None


def test_a_close_waits_for_the_payment_that_came_first_and_counts_it(ann, shift):
    customer, paid, waiting = make_customer(), Event(), Event()

    def pay():
        with transaction.atomic():
            payment = payments.new(customer, Decimal(20), "cash", now=timezone.now(), by=ann)
            payments.book(payment, None, now=timezone.now(), by=ann)
            paid.set()
            with connection.cursor() as cursor:
                until_somebody_waits(cursor)
            waiting.set()

    def close():
        assert paid.wait(LONGEST)
        return cash.close(shift=shift, counted=Decimal(70), reason="", now=timezone.now(), by=ann)

    together(pay, close)
    assert waiting.is_set() and CashShift.objects.get().expected == 70


def test_control_without_the_lock_the_close_misses_the_payment(ann, shift):
    """The same payment, written while the trigger that locks the shift is off and the shift is named by hand."""
    customer, paid, closed = make_customer(), Event(), Event()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_payment DISABLE TRIGGER payment_joins_shift")

    def pay():
        with transaction.atomic():
            payment = payments.new(customer, Decimal(20), "cash", now=timezone.now(), by=ann)
            payment.shift = shift
            payments.book(payment, None, now=timezone.now(), by=ann)
            paid.set()
            assert closed.wait(LONGEST)

    def close():
        assert paid.wait(LONGEST)
        cash.close(shift=shift, counted=Decimal(50), reason="", now=timezone.now(), by=ann)
        closed.set()

    try:
        together(pay, close)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE billing_payment ENABLE TRIGGER payment_joins_shift")
    closed_shift = CashShift.objects.get()
    assert closed_shift.expected == 50 and closed_shift.payments.count() == 1


def test_eight_payments_and_the_close_at_once_add_up(ann, shift):
    customers = [make_customer() for _ in range(8)]
    works = [lambda customer=customer: take(customer, ann) for customer in customers]
    together(*works, lambda: cash.close(shift=shift, counted=Decimal(0), reason="race", now=timezone.now(), by=ann))
    closed = CashShift.objects.get()
    assert closed.expected == 50 + 20 * closed.payments.count()
    assert Payment.objects.count() == 8
