"""Row locks in their one order: plan → customer → access states by id → number series.

Bills, payments and credit notes are changed under their customer's lock alone.

All are ``FOR NO KEY UPDATE``: they exclude each other, but not the foreign-key checks of rows
that other transactions insert, which would deadlock with them.
"""

from __future__ import annotations

from collections.abc import Collection

from django.db import OperationalError, connection
from psycopg2 import errorcodes

from billing.models import AccessState, Customer, Plan
from billing.rules.errors import Refused

# FOR SHARE: many may subscribe at once, but nobody while the plan is changed.
_PLAN = "SELECT FROM billing_plan WHERE id = %s FOR SHARE"
_CUSTOMERS = """
    SELECT id FROM billing_customer WHERE id = ANY(%s) AND archived_at IS NULL ORDER BY id FOR NO KEY UPDATE
"""
# Arrays instead of joins, which cost more to plan than the rows to lock.
_ACCESS_STATES = """
    SELECT subscription_id FROM billing_accessstate
    WHERE subscription_id = ANY(ARRAY(SELECT id FROM billing_subscription WHERE customer_id = ANY(%s)))
    ORDER BY subscription_id FOR NO KEY UPDATE
"""
_ACCESS_STATES_OF = """
    SELECT FROM billing_accessstate WHERE subscription_id = ANY(%s) ORDER BY subscription_id FOR NO KEY UPDATE
"""
# Both parts are read to their ends: a customer is locked also where there is no access state at all.
_MONEY = """
    WITH owner AS MATERIALIZED (SELECT id FROM billing_customer WHERE id = %s FOR NO KEY UPDATE),
    state AS MATERIALIZED (
        SELECT subscription_id FROM billing_accessstate WHERE subscription_id = ANY(ARRAY(
            SELECT id FROM billing_subscription WHERE customer_id = (SELECT id FROM owner)
        ))
        ORDER BY subscription_id FOR NO KEY UPDATE
    )
    SELECT id FROM owner UNION ALL SELECT subscription_id FROM state
"""


def wait_at_most(seconds: float) -> None:
    """Let the transaction fail when it has waited so long for a lock that somebody else has."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{seconds * 1000:.0f}ms"])


def waited_too_long(error: OperationalError) -> bool:
    """Whether a transaction failed because of ``wait_at_most``."""
    return bool(getattr(error.__cause__, "pgcode", None) == errorcodes.LOCK_NOT_AVAILABLE)


def plan(plan_id: int) -> Plan:
    """Keep a plan as it is until a subscription to it is written, and return it as it is now."""
    with connection.cursor() as cursor:
        cursor.execute(_PLAN, [plan_id])
    return Plan.objects.get(pk=plan_id)


def customer(customer_id: int) -> Customer:
    """Lock one customer and return it as it is now."""
    return Customer.objects.select_for_update(no_key=True).get(pk=customer_id)


def money(customer_id: int) -> None:
    """Lock one customer and then the access states of all of the customer's subscriptions."""
    with connection.cursor() as cursor:
        cursor.execute(_MONEY, [customer_id])


def customers(customer_ids: Collection[int], *, wait: bool) -> list[int]:
    """Lock some customers who may be billed, in id order; their ids, without those that are archived
    and, unless ``wait``, without those that somebody else has locked."""
    with connection.cursor() as cursor:
        cursor.execute(_CUSTOMERS + ("" if wait else "SKIP LOCKED"), [list(customer_ids)])
        return [row[0] for row in cursor.fetchall()]


def active_customer(customer_id: int) -> Customer:
    """Lock a customer who may be billed or served.

    Raises:
        Refused: the customer is archived.
    """
    locked = customer(customer_id)
    if locked.archived_at is not None:
        raise Refused(
            "Customer {locked} is archived. Bring the customer back from the archive first.", locked=locked.code
        )
    return locked


def access_states(customer_ids: Collection[int]) -> None:
    """Lock the access states of all subscriptions of some customers, whom the caller has locked."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCESS_STATES, [list(customer_ids)])


def access_states_of(subscription_ids: Collection[int]) -> None:
    """Lock the access states of some subscriptions, whatever customers they are of."""
    with connection.cursor() as cursor:
        cursor.execute(_ACCESS_STATES_OF, [list(subscription_ids)])


def access_state(subscription_id: int) -> AccessState:
    """Lock the access state of one subscription."""
    return AccessState.objects.select_for_update(no_key=True).get(pk=subscription_id)
