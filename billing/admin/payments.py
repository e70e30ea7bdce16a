"""Payments and what they paid: documents, to be looked at only. "Receive payment" is in ``receiving``."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils.safestring import SafeString

from billing.admin import formatting
from billing.admin.base import ReadOnlyAdmin
from billing.admin.formatting import amount_cell, instant, link
from billing.admin.panels import Panel, columns
from billing.admin.search import SearchedByCustomer
from billing.models import Allocation, Payment

PART_COLUMNS = columns("Bill", "Status", "Allocated", "Amount", amounts=("Amount",))


@admin.register(Payment)
class PaymentAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("number", "received_at", "customer", "method", "received_by", "paid_amount", "credit_amount")
    list_select_related = ("customer", "received_by")
    list_filter = ("method", "received_at")
    search_fields = ("number",)
    search_help_text = "Receipt number, or the customer's code, name, phone or login"
    fields = (
        ("number", "customer"),
        ("amount_text", "credit_text"),
        ("method", "received_by"),
        ("received_at", "note"),
        ("gateway", "transaction_id"),
    )
    readonly_fields = ("amount_text", "credit_text")

    def panels(self, request: HttpRequest, row: Payment) -> list[Panel]:
        parts = [
            (
                link(part.bill),
                formatting.state_label(part.bill.status),
                instant(part.allocated_at),
                amount_cell(part.amount, row.currency),
            )
            for part in row.allocations.select_related("bill")
        ]
        return [Panel("Bills paid", PART_COLUMNS, parts, empty="No bill yet: all of it is credit.")]

    @display(description="amount", ordering="amount")
    def paid_amount(self, payment: Payment) -> SafeString:
        return amount_cell(payment.amount, payment.currency)

    @display(description="left as credit")
    def credit_amount(self, payment: Payment) -> SafeString:
        return amount_cell(payment.credit, payment.currency)

    @display(description="amount")
    def amount_text(self, payment: Payment) -> str:
        return formatting.money(payment.amount, payment.currency)

    @display(description="left as credit")
    def credit_text(self, payment: Payment) -> str:
        return formatting.money(payment.credit, payment.currency)


@admin.register(Allocation)
class AllocationAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("allocated_at", "payment", "credit_note", "bill", "part_amount")
    list_select_related = ("payment", "credit_note", "bill")
    list_filter = ("allocated_at",)
    search_fields = ("payment__number",)
    search_help_text = "Receipt number, or the customer's code, name, phone or login"
    number_field = "payment__number"
    customer_field = "payment__customer"
    ordering = ("-id",)
    fields = ("payment", "credit_note", "bill", "part_text", "allocated_at")
    readonly_fields = ("part_text",)

    @display(description="amount")
    def part_amount(self, allocation: Allocation) -> SafeString:
        return amount_cell(allocation.amount, allocation.bill.currency)

    @display(description="amount")
    def part_text(self, allocation: Allocation) -> str:
        return formatting.money(allocation.amount, allocation.bill.currency)
