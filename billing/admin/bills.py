"""Bills, their lines and what paid them: documents, to be looked at only."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.safestring import SafeString

from billing.admin import formatting
from billing.admin.base import ReadOnlyAdmin, button
from billing.admin.filters import BillStateFilter
from billing.admin.formatting import amount_cell, day, instant, link
from billing.admin.panels import Panel, columns
from billing.admin.receiving import receive_payment
from billing.admin.search import SearchedByCustomer
from billing.models import Bill, BillLine
from billing.services import clock, summary

LINE_COLUMNS = columns("Description", "Subscription", "Price", "Amount", amounts=("Price", "Amount"))
PAID_COLUMNS = columns("Receipt", "Allocated", "Amount", amounts=("Amount",))
ONE_DAY = timedelta(days=1)


@admin.register(Bill)
class BillAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("number", "customer", "issued_on", "due_on", "state", "total_amount", "left_amount")
    list_select_related = ("customer",)
    list_filter = (BillStateFilter, "due_on", "issued_on")
    search_fields = ("number",)
    search_help_text = "Bill number, or the customer's code, name, phone or login"
    fieldsets = (
        (None, {"fields": (("number", "state"), ("customer", "issued_by"), ("issued_on", "due_on"))}),
        ("Amounts", {"fields": (("total_text", "allocated_text", "left_text"),)}),
        ("As issued", {"fields": (("customer_code", "customer_name"), ("customer_address", "issued_at"))}),
    )
    readonly_fields = ("state", "total_text", "allocated_text", "left_text")
    actions_detail = ("receive_payment",)

    def has_receive_payment_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("billing.add_payment")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        bill = self.get_object(request, unquote(str(object_id)))
        return super().get_actions_detail(request, object_id) if bill and bill.status == Bill.Status.OPEN else []

    @button("Receive payment", path="receive-payment", icon="payments", permission="receive_payment", primary=True)
    def receive_payment(self, request: HttpRequest, object_id: str) -> HttpResponse:
        bill = self.found(request, object_id)
        if bill is None:
            return self.missing(request, object_id)
        if bill.status != Bill.Status.OPEN and request.method != "POST":
            messages.warning(request, f"Bill {bill} is {bill.get_status_display()}: there is nothing to pay.")
            return redirect(formatting.page_of(bill))
        return receive_payment(self, request, bill.customer, bill)

    def panels(self, request: HttpRequest, row: Bill) -> list[Panel]:
        lines = [
            (
                line.description,
                link(line.subscription),
                amount_cell(line.price, row.currency),
                amount_cell(line.amount, row.currency),
            )
            for line in row.lines.select_related("subscription")
        ]
        paid = [
            (link(part.payment or part.credit_note), instant(part.allocated_at), amount_cell(part.amount, row.currency))
            for part in row.allocations.select_related("payment", "credit_note")
        ]
        return [
            Panel("Lines", LINE_COLUMNS, lines, empty="No lines."),
            Panel("Paid by", PAID_COLUMNS, paid, empty="Nothing is paid yet."),
        ]

    @display(description="state")
    def state(self, bill: Bill) -> SafeString:
        return formatting.state_label(summary.bill_state(bill, clock.local_date(timezone.now())))

    @display(description="total", ordering="total")
    def total_amount(self, bill: Bill) -> SafeString:
        return amount_cell(bill.total, bill.currency)

    @display(description="left to pay")
    def left_amount(self, bill: Bill) -> SafeString:
        return amount_cell(bill.outstanding, bill.currency)

    @display(description="total")
    def total_text(self, bill: Bill) -> str:
        return formatting.money(bill.total, bill.currency)

    @display(description="paid")
    def allocated_text(self, bill: Bill) -> str:
        return formatting.money(bill.allocated, bill.currency)

    @display(description="left to pay")
    def left_text(self, bill: Bill) -> str:
        return formatting.money(bill.outstanding, bill.currency)


@admin.register(BillLine)
class BillLineAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("description", "bill", "subscription", "period_text", "line_amount")
    list_select_related = ("bill", "subscription")
    list_filter = ("kind",)
    search_fields = ("bill__number",)
    search_help_text = "Bill number, or the customer's code, name, phone or login"
    number_field = "bill__number"
    customer_field = "bill__customer"
    ordering = ("-id",)
    fields = (
        "bill",
        "kind",
        "subscription",
        "description",
        "period_text",
        "price_text",
        "amount_text",
        "cut_off_at",
    )
    readonly_fields = ("period_text", "price_text", "amount_text")

    @display(description="period")
    def period_text(self, line: BillLine) -> str:
        if line.period is None:
            return formatting.NONE
        return f"{day(line.period.lower)} to {day(line.period.upper - ONE_DAY)}"

    @display(description="amount", ordering="amount")
    def line_amount(self, line: BillLine) -> SafeString:
        return amount_cell(line.amount, line.bill.currency)

    @display(description="price")
    def price_text(self, line: BillLine) -> str:
        return formatting.money(line.price, line.bill.currency)

    @display(description="amount")
    def amount_text(self, line: BillLine) -> str:
        return formatting.money(line.amount, line.bill.currency)
