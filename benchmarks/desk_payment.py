"""A payment at the desk: a customer who is cut off pays what is owed, and access is back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

from django.db import transaction
from django.db.models import F

from benchmarks import installation
from benchmarks.installation import PRICE
from benchmarks.measuring import LIMIT, LOOP, OURS, Course, Race, Work
from billing.models import (
    AccessEvent,
    AccessState,
    Account,
    Allocation,
    Bill,
    Block,
    Customer,
    LedgerEntry,
    NumberSeries,
    Payment,
    Subscription,
)
from billing.services import bills, payments, sweep

WORK = Work("Payment at the desk", "payment", single_rows=True)
PAYMENTS = 200  # by each contender
ISSUED_AT = datetime(2026, 1, 28, 12, tzinfo=UTC)
CUT_AT = datetime(2026, 2, 12, 12, tzinfo=UTC)
PAID_AT = CUT_AT + timedelta(hours=1)


def race(course: Course) -> Race:
    """Cut some of ``size`` customers off, each in a month that is billed, and let the contenders take turns."""
    race = Race(WORK, course.size)
    ids = Random(course.size).sample([number for number in range(1, course.size + 1) if number % 28 > 14], PAYMENTS * 3)
    _cut_off(ids)
    customers = Customer.objects.in_bulk(ids)
    installation.settle_down()
    acts = {LIMIT: partial(_by_hand, course.by_hand), OURS: _receive, LOOP: _naive}
    with installation.triggers_off() as apart:
        for first in range(0, len(ids), 3):
            for (contender, act), customer_id in zip(acts.items(), ids[first : first + 3], strict=True):
                payment = partial(race.run, contender, 1, partial(act, customers[customer_id]))
                if contender == LOOP:
                    apart(payment)
                else:
                    payment()
    race.series[LIMIT].queries = 1
    _check(ids)
    return race


def _cut_off(ids: list[int]) -> None:
    for subscription in Subscription.objects.filter(customer__in=ids):
        bills.issue_period(subscription=subscription, start=subscription.starts_on, now=ISSUED_AT)
    assert len(sweep.disable_due(now=CUT_AT, limit=500).disabled) == len(ids)


def _check(ids: list[int]) -> None:
    assert not AccessState.objects.filter(subscription__customer__in=ids, is_on=False).exists()
    assert not Bill.objects.filter(customer__in=ids, status="open").exists()
    assert not Account.objects.filter(customer__in=ids).exclude(balance=0).exists()


def _by_hand(connection: Any, customer: Customer) -> None:
    parameters = {"customer": customer.pk, "now": PAID_AT, "today": PAID_AT.date()}
    with connection.cursor() as cursor:
        cursor.execute(installation.sql("limit_payment"), parameters)


def _receive(customer: Customer) -> None:
    payments.receive(customer=customer, amount=PRICE, method="cash", now=PAID_AT)


@transaction.atomic
def _naive(customer: Customer) -> None:
    bill = Bill.objects.select_for_update().get(customer=customer, status="open")
    series = NumberSeries.objects.select_for_update().get(key="receipt")
    series.last_value += 1
    series.save()
    payment = Payment(
        customer=customer, number=series.formatted(series.last_value, PAID_AT.date()), sequence=series.last_value,
        amount=bill.total, currency="USD", method="cash", received_at=PAID_AT, received_on=PAID_AT.date(),
    )  # fmt: skip
    payment.save()
    Allocation(payment=payment, bill=bill, amount=bill.total, allocated_at=PAID_AT).save()
    payment.allocated = bill.allocated = bill.total
    payment.save()
    bill.status = "paid"
    bill.save()
    LedgerEntry(
        customer=customer,
        booked_on=PAID_AT.date(),
        booked_at=PAID_AT,
        kind="payment",
        amount=-bill.total,
        payment=payment,
    ).save()
    Account.objects.filter(pk=customer.pk).update(balance=F("balance") - bill.total)
    for state in AccessState.objects.select_for_update().filter(subscription__customer=customer):
        block = Block.objects.get(subscription_id=state.pk, reason="unpaid", closed_at=None)
        block.closed_at = PAID_AT
        block.save()
        state.cut_off_at, state.is_on, state.version = None, True, state.version + 1
        state.save()
        AccessEvent(
            subscription_id=state.pk,
            at=PAID_AT,
            change="unblocked",
            reason="unpaid",
            rule="E7",
            was_on=False,
            is_on=True,
        ).save()
