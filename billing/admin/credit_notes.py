"""Credit notes, their lines, their taxes and what they paid: documents, to be looked at only."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from billing.admin.action_pages import action_of
from billing.admin.base import ReadOnlyAdmin
from billing.admin.credit_note_actions import RefundCreditNote, WithdrawCredit
from billing.admin.document_panels import PART_COLUMNS, part_rows, reversals_panel, taxes_panel
from billing.admin.filters import DateFilter
from billing.admin.formatting import NONE, amount_cell, money
from billing.admin.panels import Panel, columns
from billing.admin.printing import print_button
from billing.admin.search import SearchedByCustomer
from billing.admin.subscription_facts import days
from billing.documents import bills as papers
from billing.models import CreditNote
from billing.words import gettext_lazy

LINE_COLUMNS = columns("Description", "Unused days", "Amount", amounts=("Amount",))


@admin.register(CreditNote)
class CreditNoteAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("number", "customer", "issued_on", "kind_text", "bill", "reason", "total_amount", "credit_amount")
    list_select_related = ("customer", "bill")
    list_filter = ("kind", ("issued_on", DateFilter))
    sortable_by = ("number", "issued_on")
    search_fields = ("number",)
    search_help_text = gettext_lazy("Credit note number, or the customer's code, name, phone or login")
    fieldsets = (
        (None, {"fields": (("number", "kind_text"), ("customer", "bill"), ("issued_on", "issued_by"), "reason")}),
        (
            gettext_lazy("Amounts"),
            {"fields": (("net_text", "tax_text", "total_text"), ("paid_text", "returned_text", "credit_text"))},
        ),
        (
            gettext_lazy("As issued"),
            {"fields": (("customer_code", "customer_name"), ("customer_address", "customer_tax_id"), "issued_at")},
        ),
    )
    readonly_fields = ("kind_text", "net_text", "tax_text", "total_text", "paid_text", "returned_text", "credit_text")
    refund = action_of(RefundCreditNote)
    take_back = action_of(WithdrawCredit)
    print_document = print_button(papers.credit_note)
    actions_detail = ("print_document", "refund", "take_back")

    def panels(self, request: HttpRequest, row: CreditNote) -> list[Panel]:
        lines = [
            (line.description, days(line.days) if line.days else NONE, amount_cell(line.amount, row.currency))
            for line in row.lines.all()
        ]
        parts = row.allocations.select_related("bill")
        return [
            Panel(_("Lines"), LINE_COLUMNS, lines, empty=_("No lines.")),
            taxes_panel(row),
            Panel(
                _("Bills paid"),
                PART_COLUMNS,
                part_rows(parts, row.currency),
                empty=_("No bill yet: all of it is credit."),
            ),
            reversals_panel(row, _("Paid out or taken back")),
        ]

    @display(description=gettext_lazy("kind"))
    def kind_text(self, note: CreditNote) -> str:
        return capfirst(note.get_kind_display())

    @display(description=gettext_lazy("amount"))
    def total_amount(self, note: CreditNote) -> SafeString:
        return amount_cell(note.total, note.currency)

    @display(description=gettext_lazy("left as credit"))
    def credit_amount(self, note: CreditNote) -> SafeString:
        return amount_cell(note.credit, note.currency)

    @display(description=gettext_lazy("net"))
    def net_text(self, note: CreditNote) -> str:
        return money(note.net, note.currency)

    @display(description=gettext_lazy("tax"))
    def tax_text(self, note: CreditNote) -> str:
        return money(note.tax, note.currency)

    @display(description=gettext_lazy("total"))
    def total_text(self, note: CreditNote) -> str:
        return money(note.total, note.currency)

    @display(description=gettext_lazy("pays bills"))
    def paid_text(self, note: CreditNote) -> str:
        return money(note.allocated, note.currency)

    @display(description=gettext_lazy("paid out or taken back"))
    def returned_text(self, note: CreditNote) -> str:
        return money(note.returned, note.currency)

    @display(description=gettext_lazy("left as credit"))
    def credit_text(self, note: CreditNote) -> str:
        return money(note.credit, note.currency)
