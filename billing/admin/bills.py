"""Bills and what paid them: documents, to be looked at only."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.admin import formatting
from billing.admin.action_pages import action_of
from billing.admin.base import ReadOnlyAdmin
from billing.admin.bill_actions import CreditBill, VoidBill, WriteOffBill
from billing.admin.document_panels import NOTE_COLUMNS, note_rows, taxes_panel
from billing.admin.filters import BillStateFilter, DateFilter, DueFilter
from billing.admin.formatting import amount_cell, instant, link
from billing.admin.panels import Panel, columns
from billing.admin.printing import print_button, print_selected
from billing.admin.receiving import ReceivePaymentOfBill
from billing.admin.search import SearchedByCustomer
from billing.documents import bills as papers
from billing.models import Bill
from billing.services import clock, summary
from billing.words import gettext_lazy

LINE_COLUMNS = columns(
    "Description",
    "Subscription",
    "Price",
    "Discount",
    "Amount",
    "Credited",
    amounts=("Price", "Discount", "Amount", "Credited"),
)
PAID_COLUMNS = columns(
    "Receipt or credit note",
    "Allocated",
    "Amount",
    amounts=("Amount",),
)


@admin.register(Bill)
class BillAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("number", "customer", "issued_on", "due_on", "state", "total_amount", "left_amount")
    list_select_related = ("customer",)
    list_filter = (BillStateFilter, ("due_on", DueFilter), ("issued_on", DateFilter))
    sortable_by = ("issued_on",)
    search_fields = ("number",)
    search_help_text = gettext_lazy("Bill number, or the customer's code, name, phone or login")
    fieldsets = (
        (None, {"fields": (("number", "state"), ("customer", "issued_by"), ("issued_on", "due_on"))}),
        (
            gettext_lazy("Amounts"),
            {"fields": (("net_text", "tax_text", "total_text"), ("allocated_text", "left_text", "credited_text"))},
        ),
        (
            gettext_lazy("As issued"),
            {"fields": (("customer_code", "customer_name"), ("customer_address", "customer_tax_id"), "issued_at")},
        ),
    )
    void_fieldset = (gettext_lazy("Void"), {"fields": (("voided_at", "voided_by"), "void_reason")})
    readonly_fields = ("state", "net_text", "tax_text", "total_text", "allocated_text", "left_text", "credited_text")
    credit_note = action_of(CreditBill)
    receive_payment = action_of(ReceivePaymentOfBill)
    void = action_of(VoidBill)
    write_off = action_of(WriteOffBill)
    print_document = print_button(papers.bill, is_offered=lambda bill: bill.status != Bill.Status.DRAFT)
    print_selected = print_selected
    actions = ["print_selected"]
    actions_detail = ("receive_payment", "print_document", "credit_note", "void", "write_off")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        is_void = obj is not None and obj.status == Bill.Status.VOID
        return (*self.fieldsets, self.void_fieldset) if is_void else self.fieldsets

    def panels(self, request: HttpRequest, row: Bill) -> list[Panel]:
        lines = [
            (
                line.description,
                link(line.subscription),
                *(
                    amount_cell(amount, row.currency)
                    for amount in (line.price, line.discount, line.amount, line.credited)
                ),
            )
            for line in row.lines.select_related("subscription")
        ]
        paid = [
            (link(part.payment or part.credit_note), instant(part.allocated_at), amount_cell(part.amount, row.currency))
            for part in row.allocations.select_related("payment", "credit_note")
        ]
        return [
            Panel(_("Lines"), LINE_COLUMNS, lines, empty=_("No lines.")),
            taxes_panel(row),
            Panel(_("Paid by"), PAID_COLUMNS, paid, empty=_("Nothing is paid yet.")),
            Panel(_("Credit notes"), NOTE_COLUMNS, note_rows(row.credit_notes.order_by("pk")), empty=_("None.")),
        ]

    @display(description=gettext_lazy("state"))
    def state(self, bill: Bill) -> SafeString:
        return formatting.state_label(summary.bill_state(bill, clock.local_date(timezone.now())))

    @display(description=gettext_lazy("total"))
    def total_amount(self, bill: Bill) -> SafeString:
        return amount_cell(bill.total, bill.currency)

    @display(description=gettext_lazy("left to pay"))
    def left_amount(self, bill: Bill) -> SafeString:
        return amount_cell(bill.outstanding, bill.currency)

    @display(description=gettext_lazy("net"))
    def net_text(self, bill: Bill) -> str:
        return formatting.money(bill.net, bill.currency)

    @display(description=gettext_lazy("tax"))
    def tax_text(self, bill: Bill) -> str:
        return formatting.money(bill.tax, bill.currency)

    @display(description=gettext_lazy("credited"))
    def credited_text(self, bill: Bill) -> str:
        return formatting.money(bill.credited, bill.currency)

    @display(description=gettext_lazy("total"))
    def total_text(self, bill: Bill) -> str:
        return formatting.money(bill.total, bill.currency)

    @display(description=gettext_lazy("paid"))
    def allocated_text(self, bill: Bill) -> str:
        return formatting.money(bill.allocated, bill.currency)

    @display(description=gettext_lazy("left to pay"))
    def left_text(self, bill: Bill) -> str:
        return formatting.money(bill.outstanding, bill.currency)
