"""The filters of the lists that a stored column alone does not give."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from billing.models import AccessState, Bill, Block, Customer, Item, Subscription
from billing.services import clock, deferral_states, summary


class BillStateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [(state, state) for state in summary.BILL_STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Bill]) -> QuerySet[Bill]:
        state = self.value()
        if state not in summary.BILL_STATES:
            return queryset
        return summary.bills_in_state(queryset, state, clock.local_date(timezone.now()))


class ItemStateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [("waits", "waits"), ("billed", "billed"), ("withdrawn", "withdrawn")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> QuerySet[Item]:
        if self.value() == "waits":
            return queryset.filter(bill=None, withdrawn_at=None)
        if self.value() == "billed":
            return queryset.exclude(bill=None)
        return queryset.exclude(withdrawn_at=None) if self.value() == "withdrawn" else queryset


class DeferralStateFilter(SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [(state, state) for state in deferral_states.STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        state = self.value()
        if state not in deferral_states.STATES:
            return queryset
        return deferral_states.in_state(queryset, state, now=timezone.now())


class DebtFilter(SimpleListFilter):
    title = "payment"
    parameter_name = "debt"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [("overdue", "overdue"), ("open", "has open bills"), ("none", "owes nothing")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        bills = Bill.objects.filter(customer=OuterRef("pk"))
        today = clock.local_date(timezone.now())
        if self.value() == "overdue":
            return queryset.filter(Exists(summary.bills_in_state(bills, "overdue", today)))
        if self.value() == "open":
            return queryset.filter(Exists(summary.bills_in_state(bills, "open", today)))
        if self.value() == "none":
            return queryset.exclude(Exists(summary.bills_in_state(bills, "open", today)))
        return queryset


class AccessFilter(SimpleListFilter):
    """Subscriptions that are on, off, or off for one reason."""

    title = "access"
    parameter_name = "access"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [("on", "on"), ("off", "off"), *((value, f"off: {text}") for value, text in Block.Reason.choices)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if value in ("on", "off"):
            return self.by_state(queryset, is_on=value == "on")
        if value in Block.Reason.values:
            return self.by_reason(queryset, value)
        return queryset

    def by_state(self, queryset: QuerySet[Any], *, is_on: bool) -> QuerySet[Any]:
        return queryset.filter(access_state__is_on=is_on)

    def by_reason(self, queryset: QuerySet[Any], reason: str) -> QuerySet[Any]:
        return queryset.filter(Exists(Block.objects.filter(subscription=OuterRef("pk"), reason=reason, closed_at=None)))


class CustomerAccessFilter(AccessFilter):
    """Customers with at least one subscription in that state."""

    def by_state(self, queryset: QuerySet[Any], *, is_on: bool) -> QuerySet[Any]:
        states = AccessState.objects.filter(subscription__customer=OuterRef("pk"), is_on=is_on)
        return queryset.filter(Exists(states))

    def by_reason(self, queryset: QuerySet[Any], reason: str) -> QuerySet[Any]:
        blocked = Subscription.objects.filter(blocks__reason=reason, blocks__closed_at=None)
        return queryset.filter(Exists(blocked.filter(customer=OuterRef("pk"))))
