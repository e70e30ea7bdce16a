"""The ledger and the accounts that it sums up to: to be looked at only; PostgreSQL writes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin import ModelAdmin, SimpleListFilter, display
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from billing.admin import formatting
from billing.admin.base import ReadOnlyAdmin
from billing.admin.formatting import amount_cell
from billing.admin.search import MOST_CUSTOMERS, SearchedByCustomer, find_customers
from billing.models import Account, Bill, CreditNote, Customer, LedgerEntry, Payment

DOCUMENTS: dict[str, type[Model]] = {"bill": Bill, "payment": Payment, "credit_note": CreditNote}


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    list_display = ("booked_on", "customer", "kind_text", "document", "entry_amount")
    list_select_related = ("customer", "bill", "payment", "credit_note", "reversal__payment", "reversal__credit_note")
    list_filter = ("kind", "booked_on")
    search_fields = ("bill__number",)
    search_help_text = "Number of a bill, receipt or credit note, or the customer's code, name, phone or login"
    ordering = ("-id",)
    fields = ("customer", "kind_text", "document", "amount_text", "booked_on", "booked_at")
    readonly_fields = ("kind_text", "document", "amount_text")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[LedgerEntry], text: str
    ) -> tuple[QuerySet[LedgerEntry], bool]:
        text = text.strip()
        if not text:
            return queryset, False
        for column, model in DOCUMENTS.items():
            numbered = model._default_manager.filter(number__in=[text, text.upper()])
            if found := list(numbered.values_list("pk", flat=True)):
                return queryset.filter(**{f"{column}__in": found}), False
        customers = find_customers(Customer.objects.all(), text).order_by().values_list("pk", flat=True)
        return queryset.filter(customer__in=list(customers[:MOST_CUSTOMERS])), False

    @display(description="entry", ordering="kind")
    def kind_text(self, entry: LedgerEntry) -> str:
        return str((entry.reversal or entry).get_kind_display()).capitalize()

    @display(description="document")
    def document(self, entry: LedgerEntry) -> str:
        source = entry.reversal or entry
        return formatting.link(entry.bill or source.payment or source.credit_note)

    @display(description="amount", ordering="amount")
    def entry_amount(self, entry: LedgerEntry) -> SafeString:
        return amount_cell(entry.amount)

    @display(description="amount")
    def amount_text(self, entry: LedgerEntry) -> str:
        return formatting.money(entry.amount)


class BalanceFilter(SimpleListFilter):
    title = "balance"
    parameter_name = "balance"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [("owes", "owes"), ("credit", "has credit"), ("even", "even")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Account]) -> QuerySet[Account]:
        conditions: dict[Any, dict[str, int]] = {
            "owes": {"balance__gt": 0},
            "credit": {"balance__lt": 0},
            "even": {"balance": 0},
        }
        return queryset.filter(**conditions.get(self.value(), {}))


@admin.register(Account)
class AccountAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("customer", "balance_amount")
    list_select_related = ("customer",)
    list_filter = (BalanceFilter,)
    search_fields = ("customer__code",)
    search_help_text = "The customer's code, name, phone or login"
    number_field = "customer__code"
    ordering = ("customer",)
    fields = ("customer", "balance_text")
    readonly_fields = ("balance_text",)

    @display(description="balance", ordering="balance")
    def balance_amount(self, account: Account) -> SafeString:
        return amount_cell(account.balance)

    @display(description="balance")
    def balance_text(self, account: Account) -> str:
        return formatting.money(account.balance)
