"""The filters of the lists that a stored column alone does not give.

Each is answered by an index, also when few rows match. Where that index has an order of its own, the filter names it
as ``ordering`` while it is on, and the list takes it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.contrib.admin import (
    ChoicesFieldListFilter,
    DateFieldListFilter,
    EmptyFieldListFilter,
    ModelAdmin,
    SimpleListFilter,
)
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.models import AccessState, Account, Bill, Block, Customer, Item, LedgerEntry, Reminder
from billing.services import clock, deferral_states, summary
from billing.words import gettext_lazy


class DateFilter(DateFieldListFilter):
    """Rows of some days, the latest first."""

    ANY_TODAY_WEEK_MONTH_YEAR = 5

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.links = self.links[: self.ANY_TODAY_WEEK_MONTH_YEAR]  # none for rows without a date

    @property
    def ordering(self) -> str:
        is_on = self.lookup_kwarg_since in self.used_parameters or self.lookup_kwarg_until in self.used_parameters
        return f"-{self.field_path}" if is_on else ""


class DueFilter(DateFilter):
    """Bills that wait for money, by the last day to pay."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return super().queryset(request, summary.waiting_bills(queryset) if self.ordering else queryset)


class CutOffFilter(DateFilter):
    """Subscriptions that are on, by the instant at which unpaid bills cut them."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        return super().queryset(request, queryset.filter(is_on=True) if self.ordering else queryset)


class BillStateFilter(SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [(state, _(state)) for state in summary.BILL_STATES]

    @property
    def ordering(self) -> str:
        return "due_on" if self.value() in summary.WAITING_STATES else ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Bill]) -> QuerySet[Bill]:
        state = self.value()
        if state not in summary.BILL_STATES:
            return queryset
        return summary.bills_in_state(queryset, state, clock.local_date(timezone.now()))


class ItemStateFilter(SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [("waits", _("waits")), ("billed", _("billed")), ("withdrawn", _("withdrawn"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Item]) -> QuerySet[Item]:
        if self.value() == "waits":
            return queryset.filter(bill=None, withdrawn_at=None)
        if self.value() == "billed":
            return queryset.exclude(bill=None)
        return queryset.exclude(withdrawn_at=None) if self.value() == "withdrawn" else queryset


class DeferralStateFilter(SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [(state, _(state)) for state in deferral_states.STATES]

    @property
    def ordering(self) -> str:
        return "-not_before" if self.value() in ("running", "lapsed") else ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        state = self.value()
        if state not in deferral_states.STATES:
            return queryset
        return deferral_states.in_state(queryset, state, now=timezone.now())


class DebtFilter(SimpleListFilter):
    """Customers with open bills. Nothing tells those without, but a look at all of them."""

    title = gettext_lazy("payment")
    parameter_name = "debt"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [("overdue", _("overdue")), ("open", _("has open bills"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Customer]) -> QuerySet[Customer]:
        bills = Bill.objects.filter(customer=OuterRef("pk"), status=Bill.Status.OPEN)
        if self.value() == "overdue":
            return queryset.filter(Exists(bills.filter(due_on__lt=clock.local_date(timezone.now()))))
        return queryset.filter(Exists(bills)) if self.value() == "open" else queryset


class BalanceFilter(SimpleListFilter):
    """Accounts with bills to pay, or with money that has paid none yet."""

    title = gettext_lazy("balance")
    parameter_name = "balance"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [("owes", _("has open bills")), ("credit", _("has credit"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Account]) -> QuerySet[Account]:
        if self.value() == "owes":
            return queryset.filter(Exists(Bill.objects.filter(customer=OuterRef("pk"), status=Bill.Status.OPEN)))
        return queryset.filter(summary.has_credit("pk")) if self.value() == "credit" else queryset


class AccessFilter(SimpleListFilter):
    """Subscriptions that are on, off, or off for one reason: those that are off have an open block (rule E6)."""

    title = gettext_lazy("access")
    parameter_name = "access"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [
            ("on", _("on")),
            ("off", _("off")),
            *((value, _("off: {text}").format(text=text)) for value, text in Block.Reason.choices),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value, blocks = self.value(), Block.objects.filter(closed_at=None)
        if value == "on":
            return self.that_are_on(queryset)
        if value == "off":
            return self.with_one_of(queryset, blocks)
        return self.with_one_of(queryset, blocks.filter(reason=value)) if value in Block.Reason.values else queryset

    def that_are_on(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(access_state__is_on=True)

    def with_one_of(self, queryset: QuerySet[Any], blocks: QuerySet[Block]) -> QuerySet[Any]:
        return queryset.filter(Exists(blocks.filter(subscription=OuterRef("pk"))))


class AccessStateFilter(AccessFilter):
    """The same for the states themselves."""

    def that_are_on(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(is_on=True)


class CustomerAccessFilter(AccessFilter):
    """Customers with at least one subscription in that state."""

    def that_are_on(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(Exists(AccessState.objects.filter(subscription__customer=OuterRef("pk"), is_on=True)))

    def with_one_of(self, queryset: QuerySet[Any], blocks: QuerySet[Block]) -> QuerySet[Any]:
        return queryset.filter(Exists(blocks.filter(subscription__customer=OuterRef("pk"))))


class OpenBlockFilter(EmptyFieldListFilter):
    """Blocks that are open, in the order of their subscriptions, or closed."""

    @property
    def ordering(self) -> str:
        return "subscription_id" if self.lookup_val == "1" else ""


class EntryFilter(ChoicesFieldListFilter):
    """Ledger entries of one kind; of the two that nearly all are of, in the order of their documents."""

    COLUMNS: dict[str, str] = {LedgerEntry.Kind.BILL: "bill_id", LedgerEntry.Kind.PAYMENT: "payment_id"}

    @property
    def column(self) -> str:
        return self.COLUMNS.get(self.lookup_val[-1], "") if self.lookup_val else ""

    @property
    def ordering(self) -> str:
        return f"-{self.column}" if self.column else ""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any] | None:
        named = queryset.filter(**{f"{self.column}__isnull": False}) if self.column else queryset
        return super().queryset(request, named)


class StageFilter(SimpleListFilter):
    """Reminders of one stage, as the settings have it."""

    title = gettext_lazy("days after the due date")
    parameter_name = "days"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [(days, days) for days in settings.REMINDER_DAYS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Reminder]) -> QuerySet[Reminder]:
        value = self.value()
        return queryset.filter(days=int(value)) if value and value in settings.REMINDER_DAYS else queryset
