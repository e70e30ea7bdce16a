"""Payments of many customers at once, as a statement brings them: one transaction for some of them, and few statements.

What follows from each is what follows from ``payments.receive``. A batch never waits for a customer whom
somebody else has locked, and is so small that nobody waits for it for long.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DataError, IntegrityError, transaction

from billing.models import Bill, Payment
from billing.rules.errors import Refused
from billing.services import cash, clock, locks, numbers, settlement

logger = logging.getLogger(__name__)

AT_ONCE = 12  # a payment at the desk waits until so many are written


@dataclass(frozen=True, eq=False)
class Wanted:
    """What ``payments.new`` made, and the bill that it pays first while that is open."""

    payment: Payment
    bill: Bill | None = None


def receive(wanted: Sequence[Wanted], *, now: datetime, by: Any = None) -> set[Wanted]:
    """Take the payments that can be taken together; the others are left to ``payments.receive``.

    Left are those of customers who are locked or archived, those that name another bill than an earlier one of the
    same customer, and whole batches in which one cannot be taken: a payment is never refused for another.
    """
    taken: set[Wanted] = set()
    for first in range(0, len(wanted), AT_ONCE):
        try:
            taken.update(_receive(wanted[first : first + AT_ONCE], now=now, by=by))
        except (Refused, IntegrityError, DataError) as error:
            logger.info("A batch of payments is taken one by one: %s", error)
    return taken


@transaction.atomic(durable=True)
def _receive(batch: Sequence[Wanted], *, now: datetime, by: Any) -> list[Wanted]:
    locked = set(locks.customers({one.payment.customer_id for one in batch}, wait=False))
    locks.access_states(locked)
    chosen = _agreeing([one for one in batch if one.payment.customer_id in locked])
    if not chosen:
        return []
    _write([one.payment for one in chosen], now=now, by=by)
    named = [one.bill.pk for one in chosen if one.bill]
    first = Bill.objects.filter(pk__in=named, status=Bill.Status.OPEN) if named else ()
    settlement.settle({one.payment.customer_id for one in chosen}, now=now, by=by, first=first)
    return chosen


def _agreeing(batch: Sequence[Wanted]) -> list[Wanted]:
    """Those that name the same bill as the first one of their customer, or none as it does."""
    bills: dict[int, Bill | None] = {}
    return [one for one in batch if bills.setdefault(one.payment.customer_id, one.bill) == one.bill]


def _write(payments: Sequence[Payment], *, now: datetime, by: Any) -> None:
    taken = numbers.take_many("receipt", len(payments), on=clock.local_date(now))
    for payment, (sequence, number) in zip(payments, taken, strict=True):
        payment.sequence, payment.number = sequence, number
    Payment.objects.bulk_create(payments)
    for payment in payments:
        cash.require_shift(payment, payment.method, by)
