"""The lines of bills: facts, to be looked at only."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.utils.safestring import SafeString

from billing.admin import cut_offs, formatting
from billing.admin.base import ReadOnlyAdmin, asked_once
from billing.admin.formatting import amount_cell
from billing.admin.search import SearchedByCustomer
from billing.admin.subscription_facts import days
from billing.models import BillLine
from billing.services import policy
from billing.words import gettext_lazy as _


@admin.register(BillLine)
class BillLineAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("description", "bill", "subscription", "period_text", "line_amount")
    list_select_related = ("bill", "subscription")
    list_filter = ("kind",)
    search_fields = ("bill__number",)
    search_help_text = _("Bill number, or the customer's code, name, phone or login")
    number_fields = ("bill__number",)
    customer_field = "bill__customer"
    ordering = ("-id",)
    fields = (
        "bill",
        "kind",
        "subscription",
        "description",
        ("period_text", "billed_text"),
        ("price_text", "discount_text"),
        ("amount_text", "credited_text"),
        ("tax_name", "tax_percent", "tax_inclusive"),
        "cut_off",
    )
    readonly_fields = (
        "period_text",
        "billed_text",
        "price_text",
        "discount_text",
        "amount_text",
        "credited_text",
        "cut_off",
    )

    @display(description=_("period"))
    def period_text(self, line: BillLine) -> str:
        return formatting.NONE if line.period is None else days(line.period)

    @display(description=_("days that count as billed"))
    def billed_text(self, line: BillLine) -> str:
        return days(line.billed_days) if line.billed_days else formatting.NONE

    @display(description=_("cut-off for this line"))
    @asked_once
    def cut_off(self, line: BillLine) -> str:
        return cut_offs.cut_off(line.cut_off_at, policy.calendar())

    @display(description=_("amount"))
    def line_amount(self, line: BillLine) -> SafeString:
        return amount_cell(line.amount, line.bill.currency)

    @display(description=_("price"))
    def price_text(self, line: BillLine) -> str:
        return formatting.money(line.price, line.bill.currency)

    @display(description=_("amount"))
    def amount_text(self, line: BillLine) -> str:
        return formatting.money(line.amount, line.bill.currency)

    @display(description=_("discount"))
    def discount_text(self, line: BillLine) -> str:
        return formatting.money(line.discount, line.bill.currency)

    @display(description=_("credited"))
    def credited_text(self, line: BillLine) -> str:
        return formatting.money(line.credited, line.bill.currency)
