"""The fee on bills that are paid late, once per bill and only while it is unpaid (rule B11)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from billing.models import Item
from billing.rules.late_fee import LateFee, charged_from
from billing.services import clock, locks, policy, settlement
from billing.services.arrays import array
from billing.services.wording import counted, money

logger = logging.getLogger(__name__)

_LATE = """
    SELECT due_on, id, customer_id FROM billing_bill bill
    WHERE status = 'open' AND allocated < total AND due_on <= %(last)s AND (due_on, id) > (%(due_on)s, %(id)s)
        AND NOT EXISTS (SELECT FROM billing_item fee WHERE fee.late_fee_of_id = bill.id)
    ORDER BY due_on, id LIMIT %(limit)s
"""
# A debt of no more than that brings no fee (rule E4).
_IS_ABOVE_MINIMUM = """%(minimum)s < (
            SELECT sum(total - allocated) FROM billing_bill other
            WHERE other.customer_id = bill.customer_id AND other.status = 'open' AND other.due_on < %(day)s
        )"""
_UNPAID = f"""
    SELECT id, total - allocated FROM billing_bill bill
    WHERE id = ANY(%(bills)s) AND customer_id = ANY(%(customers)s) AND status = 'open'
        AND NOT EXISTS (SELECT FROM billing_item fee WHERE fee.late_fee_of_id = bill.id)
        AND {_IS_ABOVE_MINIMUM}
    ORDER BY id
"""  # noqa: S608  (names of ours)
_DESCRIPTION = "'Late fee: bill ' || number || ' was due on ' || due_on"
_CHARGE = f"""
    INSERT INTO billing_item (customer_id, description, amount, late_fee_of_id, created_at)
    SELECT customer_id, {_DESCRIPTION}, fee.amount, bill.id, %s
    FROM unnest(%s::bigint[], %s::numeric[]) AS fee (bill_id, amount) JOIN billing_bill bill ON bill.id = fee.bill_id
    ORDER BY bill.id
"""  # noqa: S608  (names of ours)
_TO_COME = f"""
    SELECT customer_id, code, due_on, total - allocated, {_DESCRIPTION}
    FROM billing_bill bill JOIN billing_customer customer ON customer.id = customer_id AND archived_at IS NULL
    WHERE status = 'open' AND allocated < total AND due_on <= %(last)s
        AND (%(customers)s::bigint[] IS NULL OR customer_id = ANY(%(customers)s))
        AND NOT EXISTS (SELECT FROM billing_item fee WHERE fee.late_fee_of_id = bill.id)
        AND {_IS_ABOVE_MINIMUM}
    ORDER BY due_on, bill.id
"""  # noqa: S608  (names of ours)


class LateBill(NamedTuple):
    """An open bill on which the fee is due, in the order in which they are charged."""

    due_on: date
    id: int
    customer_id: int


class ToCome(NamedTuple):
    """A fee that will be charged on a day unless the bill is paid before."""

    customer_code: str
    charged_on: date
    item: Item


@dataclass
class LateFees:
    """How many fees were charged, and their sum in the installation's currency."""

    count: int = 0
    total: Decimal = Decimal(0)

    @property
    def summary(self) -> str:
        return _("{counted} charged, {total} in all").format(
            counted=counted(self.count, "late fee"), total=money(self.total)
        )


def charge(*, day: date, now: datetime, limit: int) -> LateFees:
    """Charge the fee of the settings on every bill that is LATE_FEE_DAYS or more overdue on ``day``.

    Each is an item that waits for the customer's next bill. The customer's credit pays first
    (rule E3), and an overdue debt of no more than MINIMUM_DEBT brings no fee (rule E4); what is
    locked or belongs to an archived customer is left out. Works in batches of ``limit`` bills,
    each its own transaction; running it again, or twice at once, charges nothing twice.
    """
    fees, fee = LateFees(), _fee()
    if fee.is_off:
        return fees
    for late in _batches(_last_due_on(day), limit):
        amounts = _charge_batch(fee, late, now=now)
        fees.count += len(amounts)
        fees.total += sum(amounts, Decimal(0))
    return fees


def to_come(*, today: date, day: date, customers: list[int] | None = None) -> Iterator[ToCome]:
    """The fees on the bills that are open now, of all ``customers`` or some, until ``day``; nothing is written.

    Streamed, so that it takes no more memory with more customers; to be called in a transaction.
    """
    fee = _fee()
    if fee.is_off:
        return
    with connection.chunked_cursor() as cursor:
        parameters = {"last": _last_due_on(day), "customers": customers, "minimum": policy.minimum_debt(), "day": day}
        cursor.execute(_TO_COME, parameters)
        for customer_id, code, due_on, unpaid, description in cursor:
            if amount := fee.amount(unpaid, settings.CURRENCY):
                charged_on = max(today, charged_from(due_on, settings.LATE_FEE_DAYS))
                yield ToCome(code, charged_on, Item(customer_id=customer_id, description=description, amount=amount))


def _fee() -> LateFee:
    return LateFee.parse(settings.LATE_FEE, settings.CURRENCY)


def _last_due_on(day: date) -> date:
    """The latest due date of which the fee is charged by ``day``."""
    return day - timedelta(days=settings.LATE_FEE_DAYS)


def _batches(last: date, limit: int) -> Iterator[list[LateBill]]:
    after = LateBill(date.min, 0, 0)
    while late := _late(last, after, limit):
        yield late
        after = late[-1]


def _late(last: date, after: LateBill, limit: int) -> list[LateBill]:
    with connection.cursor() as cursor:
        cursor.execute(_LATE, {"last": last, "due_on": after.due_on, "id": after.id, "limit": limit})
        return [LateBill(*row) for row in cursor.fetchall()]


@transaction.atomic(durable=True)
def _charge_batch(fee: LateFee, late: Sequence[LateBill], *, now: datetime) -> list[Decimal]:
    customers = locks.customers({bill.customer_id for bill in late}, wait=False)
    locks.access_states(customers)
    settlement.settle(customers, now=now)
    with connection.cursor() as cursor:
        cursor.execute(
            _UNPAID,
            {
                "bills": [bill.id for bill in late],
                "customers": customers,
                "minimum": policy.minimum_debt(),
                "day": clock.local_date(now),
            },
        )
        amounts = {bill_id: fee.amount(unpaid, settings.CURRENCY) for bill_id, unpaid in cursor.fetchall()}
        charged = {bill_id: amount for bill_id, amount in amounts.items() if amount}
        cursor.execute(_CHARGE, [now, array(charged), array(charged.values())])
    return list(charged.values())
