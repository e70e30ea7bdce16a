"""Payments and what they paid: documents, to be looked at only. "Receive payment" is in ``receiving``."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.admin import formatting
from billing.admin.action_pages import action_of
from billing.admin.base import ReadOnlyAdmin
from billing.admin.document_panels import PART_COLUMNS, part_rows, reversals_panel
from billing.admin.filters import DateFilter
from billing.admin.formatting import amount_cell
from billing.admin.panels import Panel
from billing.admin.payment_actions import RefundPayment, ReversePayment
from billing.admin.printing import print_button
from billing.admin.search import SearchedByCustomer
from billing.documents import receipts
from billing.models import Allocation, Payment
from billing.words import gettext_lazy


@admin.register(Payment)
class PaymentAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("number", "received_at", "customer", "method", "received_by", "paid_amount", "credit_amount")
    list_select_related = ("customer", "received_by")
    list_filter = ("method", ("received_at", DateFilter))
    sortable_by = ("number", "received_at")
    search_fields = ("number",)
    search_help_text = gettext_lazy("Receipt number, or the customer's code, name, phone or login")
    fields = (
        ("number", "customer"),
        ("amount_text", "credit_text"),
        ("allocated_text", "returned_text"),
        ("method", "received_by"),
        ("received_at", "note"),
        ("gateway", "transaction_id"),
    )
    readonly_fields = ("amount_text", "credit_text", "allocated_text", "returned_text")
    reverse = action_of(ReversePayment)
    refund = action_of(RefundPayment)
    print_document = print_button(receipts.receipt, sizes=receipts.SIZES)
    actions_detail = ("print_document", "reverse", "refund")

    def panels(self, request: HttpRequest, row: Payment) -> list[Panel]:
        parts = part_rows(row.allocations.select_related("bill"), row.currency)
        return [
            Panel(_("Bills paid"), PART_COLUMNS, parts, empty=_("No bill yet: all of it is credit.")),
            reversals_panel(row, _("Reversed or refunded")),
        ]

    @display(description=gettext_lazy("amount"))
    def paid_amount(self, payment: Payment) -> SafeString:
        return amount_cell(payment.amount, payment.currency)

    @display(description=gettext_lazy("left as credit"))
    def credit_amount(self, payment: Payment) -> SafeString:
        return amount_cell(payment.credit, payment.currency)

    @display(description=gettext_lazy("amount"))
    def amount_text(self, payment: Payment) -> str:
        return formatting.money(payment.amount, payment.currency)

    @display(description=gettext_lazy("pays bills"))
    def allocated_text(self, payment: Payment) -> str:
        return formatting.money(payment.allocated, payment.currency)

    @display(description=gettext_lazy("reversed or refunded"))
    def returned_text(self, payment: Payment) -> str:
        return formatting.money(payment.returned, payment.currency)

    @display(description=gettext_lazy("left as credit"))
    def credit_text(self, payment: Payment) -> str:
        return formatting.money(payment.credit, payment.currency)


@admin.register(Allocation)
class AllocationAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("allocated_at", "payment", "credit_note", "bill", "part_amount")
    list_select_related = ("payment", "credit_note", "bill")
    search_fields = ("payment__number",)
    search_help_text = gettext_lazy("Receipt number, or the customer's code, name, phone or login")
    number_fields = ("payment__number",)
    customer_field = "payment__customer"
    ordering = ("-id",)
    fields = ("payment", "credit_note", "bill", "part_text", "allocated_at")
    readonly_fields = ("part_text",)

    @display(description=gettext_lazy("amount"))
    def part_amount(self, allocation: Allocation) -> SafeString:
        return amount_cell(allocation.amount, allocation.bill.currency)

    @display(description=gettext_lazy("amount"))
    def part_text(self, allocation: Allocation) -> str:
        return formatting.money(allocation.amount, allocation.bill.currency)
