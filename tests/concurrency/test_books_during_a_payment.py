"""The books are verified while the desk goes on: all checks see one instant (rule M5)."""

import threading
from decimal import Decimal

import pytest
from django.db import connection, connections
from django.utils import timezone

from billing.models import Payment
from billing.services import books, payments
from billing.services.books import verifying
from tests.builders import make_overdue_subscription

pytestmark = pytest.mark.django_db(transaction=True)

PAYMENTS = "payment: allocated and returned"


def payments_seen(customer):
    """How many payments a check sees when one is received after the first check."""

    def receive():
        payments.receive(customer=customer, amount=Decimal(5), method="cash", now=timezone.now())
        connections.close_all()

    def receive_after_the_first(result):
        if result.check == books.CHECKS[0]:
            desk = threading.Thread(target=receive)
            desk.start()
            desk.join()

    results = books.verify(now=timezone.now(), report=receive_after_the_first)
    books.require(results)
    assert Payment.objects.count() == 1
    return next(result.rows for result in results if result.check.name == PAYMENTS)


def test_m5_a_payment_during_the_checks_neither_waits_nor_disturbs():
    assert payments_seen(make_overdue_subscription().customer) == 0
    assert connection.get_autocommit()
    with connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("off",)


def test_control_without_one_instant_later_checks_see_the_payment(monkeypatch):
    monkeypatch.setattr(verifying, "_ONE_INSTANT", "SELECT 1")
    assert payments_seen(make_overdue_subscription().customer) == 1
