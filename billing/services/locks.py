"""Row locks in their one order: customer → access states by id → bills by id → payments by id → series.

All are ``FOR NO KEY UPDATE``: they exclude each other, but not the foreign-key checks of rows
that other transactions insert, which would deadlock with them.
"""

from __future__ import annotations

from django.db.models import F

from billing.models import AccessState, Bill, Customer, Payment
from billing.rules.errors import Refused


def customer(customer_id: int) -> Customer:
    """Lock one customer and return it as it is now."""
    return Customer.objects.select_for_update(no_key=True).get(pk=customer_id)


def active_customer(customer_id: int) -> Customer:
    """Lock a customer who may be billed or served.

    Raises:
        Refused: the customer is archived.
    """
    locked = customer(customer_id)
    if locked.archived_at is not None:
        raise Refused(f"Customer {locked.code} is archived. Bring the customer back from the archive first.")
    return locked


def access_states(customer_id: int) -> dict[int, AccessState]:
    """Lock the access states of all of a customer's subscriptions; by subscription id."""
    states = (
        AccessState.objects.filter(subscription__customer_id=customer_id)
        .select_for_update(no_key=True, of=("self",))
        .order_by("pk")
    )
    return {state.pk: state for state in states}


def access_state(subscription_id: int) -> AccessState:
    """Lock the access state of one subscription."""
    return AccessState.objects.select_for_update(no_key=True).get(pk=subscription_id)


def open_bills(customer_id: int) -> list[Bill]:
    """Lock a customer's open bills; the oldest due date first (rule M6)."""
    bills = Bill.objects.filter(customer_id=customer_id, status=Bill.Status.OPEN)
    locked = list(bills.select_for_update(no_key=True).order_by("pk"))
    return sorted(locked, key=lambda bill: (bill.due_on, bill.pk))


def payments_with_credit(customer_id: int) -> list[Payment]:
    """Lock a customer's payments that still hold credit; the oldest first."""
    payments = Payment.objects.filter(customer_id=customer_id, allocated__lt=F("amount"))
    return list(payments.select_for_update(no_key=True).order_by("pk"))
