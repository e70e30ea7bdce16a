"""The ledger and the accounts that it sums up to: to be looked at only; PostgreSQL writes them."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.utils.safestring import SafeString

from billing.admin import formatting
from billing.admin.base import ReadOnlyAdmin
from billing.admin.filters import BalanceFilter, DateFilter, EntryFilter
from billing.admin.formatting import amount_cell
from billing.admin.search import SearchedByCustomer
from billing.models import Account, LedgerEntry
from billing.words import gettext_lazy as _


@admin.register(LedgerEntry)
class LedgerEntryAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("booked_on", "customer", "kind_text", "document", "entry_amount")
    list_select_related = ("customer", "bill", "payment", "credit_note", "reversal__payment", "reversal__credit_note")
    list_filter = (("kind", EntryFilter), ("booked_on", DateFilter))
    search_fields = ("bill__number",)
    number_fields = ("bill__number", "payment__number", "credit_note__number")
    search_help_text = _("Number of a bill, receipt or credit note, or the customer's code, name, phone or login")
    ordering = ("-id",)
    fields = ("customer", "kind_text", "document", "amount_text", "booked_on", "booked_at")
    readonly_fields = ("kind_text", "document", "amount_text")

    @display(description=_("entry"))
    def kind_text(self, entry: LedgerEntry) -> str:
        return str((entry.reversal or entry).get_kind_display()).capitalize()

    @display(description=_("document"))
    def document(self, entry: LedgerEntry) -> str:
        source = entry.reversal or entry
        return formatting.link(entry.bill or source.payment or source.credit_note)

    @display(description=_("amount"))
    def entry_amount(self, entry: LedgerEntry) -> SafeString:
        return amount_cell(entry.amount)

    @display(description=_("amount"))
    def amount_text(self, entry: LedgerEntry) -> str:
        return formatting.money(entry.amount)


@admin.register(Account)
class AccountAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("customer", "balance_amount")
    list_select_related = ("customer",)
    list_filter = (BalanceFilter,)
    search_fields = ("customer__code",)
    search_help_text = _("The customer's code, name, phone or login")
    number_fields = ()
    ordering = ("pk",)
    fields = ("customer", "balance_text")
    readonly_fields = ("balance_text",)

    @display(description=_("balance"))
    def balance_amount(self, account: Account) -> SafeString:
        return amount_cell(account.balance)

    @display(description=_("balance"))
    def balance_text(self, account: Account) -> str:
        return formatting.money(account.balance)
