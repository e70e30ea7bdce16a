"""Thousands of subscribers in a few statements, where one service call each would take minutes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db import connection, transaction

from billing.models import Plan
from billing.services import numbers

_CUSTOMERS = """
    INSERT INTO billing_customer (code, name, phone, email, address, tax_id, bill_per_subscription, created_at)
    SELECT 'M' || %s || n, 'Customer ' || n, '', '', '', '', false, %s FROM generate_series(1, %s) AS n
    RETURNING id
"""
# Customers take turns: with more subscriptions than customers the first ones have two.
_SUBSCRIPTIONS = """
    INSERT INTO billing_subscription (customer_id, plan_id, login, starts_on, anchor, created_at)
    SELECT
        (%(customers)s::bigint[])[(n - 1) %% %(count)s + 1], %(plan)s, 'many-' || %(prefix)s || n, %(day)s, %(day)s,
        %(now)s
    FROM generate_series(1, %(subscriptions)s) AS n
"""
_STATES = """
    INSERT INTO billing_accessstate (subscription_id, is_on, version)
    SELECT id, true, 0 FROM billing_subscription WHERE plan_id = %(plan)s;
    INSERT INTO billing_billingstate (subscription_id, customer_id, billed_until, bill_on, review)
    SELECT id, customer_id, starts_on, starts_on, '' FROM billing_subscription WHERE plan_id = %(plan)s
"""
_PAYMENTS = """
    INSERT INTO billing_payment (
        customer_id, number, sequence, amount, currency, allocated, returned, method, received_at, received_on,
        gateway, note
    )
    SELECT customer_id, number, sequence, %s, 'USD', 0, 0, 'cash', %s, %s, '', ''
    FROM unnest(%s::bigint[], %s::text[], %s::bigint[]) AS payer (customer_id, number, sequence)
"""
_ITEMS = """
    INSERT INTO billing_item (customer_id, description, amount, created_at)
    SELECT customer_id, 'Router', %s, %s FROM unnest(%s::bigint[]) AS buyer (customer_id)
"""


@transaction.atomic
def subscribe_many(
    subscriptions: int, *, customers: int, plan: Plan, starts_on: date, now: datetime, prefix: str = ""
) -> list[int]:
    """Subscriptions to a prepaid plan without lead days, that many in all, spread over new customers; the
    customers' ids. Codes and logins begin with ``prefix``."""
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMERS, [prefix, now, customers])
        ids = [row[0] for row in cursor.fetchall()]
        values = {"customers": ids, "count": customers, "plan": plan.pk, "day": starts_on, "now": now, "prefix": prefix}
        cursor.execute(_SUBSCRIPTIONS, {**values, "subscriptions": subscriptions})
        cursor.execute(_STATES, values)
    return ids


@transaction.atomic
def pay_ahead(customer_ids: list[int], amount: Decimal, *, now: datetime) -> None:
    """A payment of each customer, from before the first bill."""
    taken = numbers.take_many("receipt", len(customer_ids), on=now.date())
    with connection.cursor() as cursor:
        cursor.execute(
            _PAYMENTS,
            [amount, now, now.date(), customer_ids, [text for _, text in taken], [value for value, _ in taken]],
        )


def sell(customer_ids: list[int], amount: Decimal, *, now: datetime) -> None:
    """An item of each customer that waits for the next bill."""
    with connection.cursor() as cursor:
        cursor.execute(_ITEMS, [amount, now, customer_ids])
