"""Which rows a member of staff sees: all, or those of the customers in their own areas."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Lower

from billing.models import (
    AccessEvent,
    AccessState,
    Account,
    Allocation,
    Area,
    Bill,
    BillingState,
    BillLine,
    Block,
    CreditNote,
    Customer,
    CustomerNote,
    Discount,
    Exclusion,
    Hold,
    Item,
    LedgerEntry,
    LoginAttempt,
    NetworkFinding,
    OnlineSession,
    Payment,
    Promise,
    Reminder,
    Reversal,
    Router,
    ScheduledChange,
    SessionRecord,
    StaffArea,
    Subscription,
    UnbilledDays,
    UnmatchedPayment,
)

M = TypeVar("M", bound=Model)

OF_SUBSCRIPTION = (
    AccessEvent, AccessState, BillingState, Block, Discount, Hold, OnlineSession, ScheduledChange, SessionRecord,
    UnbilledDays,
)  # fmt: skip
OF_CUSTOMER = (
    Account, Bill, CreditNote, CustomerNote, Exclusion, Item, LedgerEntry, Payment, Promise, Reversal, Subscription,
)  # fmt: skip
# How each kind of row comes to the key of its area.
PATHS: dict[type[Model], str] = {
    Area: "pk",
    Customer: "area",
    Router: "area",
    NetworkFinding: "router__area",
    BillLine: "bill__customer__area",
    Allocation: "bill__customer__area",
    Reminder: "bill__customer__area",
    UnmatchedPayment: "payment__customer__area",  # money of nobody is seen by those who see all
    **dict.fromkeys(OF_CUSTOMER, "customer__area"),
    **dict.fromkeys(OF_SUBSCRIPTION, "subscription__customer__area"),
}
UNKNOWN = "?"  # begins what stands for a login that nobody has
_KNOWN = "_areas_of_staff"


def of(user: Any) -> frozenset[int] | None:
    """The ids of the areas that ``user`` is limited to; None for somebody who sees all of them."""
    if _KNOWN not in vars(user):
        vars(user)[_KNOWN] = frozenset(StaffArea.objects.filter(user=user.pk).values_list("area_id", flat=True))
    return vars(user)[_KNOWN] or None


def seen(user: Any, rows: QuerySet[M]) -> QuerySet[M]:
    """Those of ``rows`` that ``user`` may see; rows that belong to no customer are everybody's."""
    path = PATHS.get(rows.model)
    own = of(user) if path else None
    return rows if own is None else rows.filter(**{f"{path}__in": own})


def seen_attempts(user: Any, attempts: QuerySet[LoginAttempt]) -> QuerySet[LoginAttempt]:
    """Those of ``attempts`` that ``user`` may see: of their customers' logins, and of unknown ones at their routers."""
    if of(user) is None:
        return attempts
    customers = seen(user, Subscription.objects.annotate(lower=Lower("login")).filter(lower=OuterRef("login")))
    routers = seen(user, Router.objects.filter(address=OuterRef("router_address")))
    return attempts.filter(Exists(customers) | Q(login__startswith=UNKNOWN) & Exists(routers))
