"""How a customer stands at one instant, to be compared with how they stand after a deed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Max

from billing.models import AccessState, Account, Bill, CreditNote, Customer, Item
from billing.services import summary
from billing.services.drafts import waiting_items


@dataclass(frozen=True)
class Standing:
    """Balance (positive is owed), credit, what is left of each open bill by its id, access by
    subscription id, the one-off items that wait for a bill, and the newest documents."""

    customer_id: int
    balance: Decimal
    credit: Decimal
    left: Mapping[int, Decimal]
    access: Mapping[int, AccessState]
    waiting: Sequence[Item]
    last_bill: int
    last_note: int

    @property
    def facts(self) -> dict[str, Any]:
        """What the audit keeps of it."""
        return {
            "balance": self.balance,
            "credit": self.credit,
            "left of bills": {str(pk): left for pk, left in self.left.items()},
            "access": {str(state.subscription): "on" if state.is_on else "off" for state in self.access.values()},
        }


def standing(customer_id: int) -> Standing:
    """How the customer stands now."""
    customer = Customer.objects.get(pk=customer_id)
    account = Account.objects.filter(customer=customer_id).first()
    open_bills = Bill.objects.filter(customer=customer_id, status=Bill.Status.OPEN)
    states = AccessState.objects.filter(subscription__customer=customer_id).select_related("subscription")
    return Standing(
        customer_id=customer_id,
        balance=account.balance if account else Decimal(0),
        credit=summary.credit(customer),
        left={bill.pk: bill.outstanding for bill in open_bills},
        access={state.pk: state for state in states.order_by("pk")},
        waiting=waiting_items([customer_id]),
        last_bill=_last(Bill, customer_id),
        last_note=_last(CreditNote, customer_id),
    )


def _last(model: type[Bill] | type[CreditNote], customer_id: int) -> int:
    newest = model._default_manager.filter(customer=customer_id).aggregate(newest=Max("pk"))["newest"]
    return newest or 0
