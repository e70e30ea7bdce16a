"""What happened to a customer: all kinds in one order, no other customer's, and only the kinds that were asked for."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing.models import AccessEvent, Bill, CustomerNote, Payment, Promise
from billing.services import customer_notes, deferrals, payments, sweep, timeline
from tests.builders import make_overdue_subscription

pytestmark = pytest.mark.django_db
EVERY_KIND = list(timeline.KINDS)


def a_life():
    """Billed, cut, noted, promised and paid, an hour from each other where the clock is ours."""
    now = timezone.now()
    subscription = make_overdue_subscription(now=now)
    customer = subscription.customer
    sweep.disable_due(now=now, limit=500)
    customer_notes.write(customer=customer, text="Called", now=now + timedelta(hours=1))
    deferrals.promise(
        customer=customer, until=now.date() + timedelta(days=2), why="Salary", now=now + timedelta(hours=2)
    )
    payments.receive(customer=customer, amount=Decimal(5), method="cash", now=now + timedelta(hours=3))
    return customer


def kinds_of(customer, kinds=EVERY_KIND, most=20):
    return [type(happened.row) for happened in timeline.latest(customer.pk, kinds, most=most)]


def test_everything_is_told_the_newest_first():
    assert kinds_of(a_life()) == [Payment, AccessEvent, Promise, CustomerNote, AccessEvent, Bill]


def test_nothing_of_another_customer_is_in_it():
    a_life()
    other = make_overdue_subscription().customer
    assert kinds_of(other) == [Bill]


def test_only_the_last_and_only_the_kinds_that_were_asked_for():
    customer = a_life()
    assert kinds_of(customer, most=2) == [Payment, AccessEvent]
    assert kinds_of(customer, [Bill, CustomerNote]) == [CustomerNote, Bill]
    assert kinds_of(customer, []) == []


def test_more_events_need_no_more_queries(django_assert_num_queries):
    customer = a_life()
    for number in range(30):
        customer_notes.write(customer=customer, text=str(number), now=timezone.now() - timedelta(days=number))
    with django_assert_num_queries(5):  # that of the keys, and one for each of the four kinds
        timeline.latest(customer.pk, EVERY_KIND, most=20)
