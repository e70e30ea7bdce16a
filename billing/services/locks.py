"""Row locks in their one order: customer → access states by id → number series.

Bills, payments and credit notes are changed under their customer's lock alone.

All are ``FOR NO KEY UPDATE``: they exclude each other, but not the foreign-key checks of rows
that other transactions insert, which would deadlock with them.
"""

from __future__ import annotations

from collections.abc import Collection

from billing.models import AccessState, Customer
from billing.rules.errors import Refused


def customer(customer_id: int) -> Customer:
    """Lock one customer and return it as it is now."""
    return Customer.objects.select_for_update(no_key=True).get(pk=customer_id)


def customers(customer_ids: Collection[int], *, wait: bool) -> list[int]:
    """Lock some customers who may be billed, in id order; their ids, without those that are archived
    and, unless ``wait``, without those that somebody else has locked."""
    found = Customer.objects.filter(pk__in=customer_ids, archived_at=None).order_by("pk")
    return list(found.select_for_update(no_key=True, skip_locked=not wait).values_list("pk", flat=True))


def active_customer(customer_id: int) -> Customer:
    """Lock a customer who may be billed or served.

    Raises:
        Refused: the customer is archived.
    """
    locked = customer(customer_id)
    if locked.archived_at is not None:
        raise Refused(f"Customer {locked.code} is archived. Bring the customer back from the archive first.")
    return locked


def access_states(customer_ids: Collection[int]) -> None:
    """Lock the access states of all subscriptions of some customers, whom the caller has locked."""
    states = AccessState.objects.filter(subscription__customer__in=customer_ids)
    list(states.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))


def access_state(subscription_id: int) -> AccessState:
    """Lock the access state of one subscription."""
    return AccessState.objects.select_for_update(no_key=True).get(pk=subscription_id)
