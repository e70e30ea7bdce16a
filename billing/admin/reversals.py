"""Reversals, refunds and chargebacks: facts, to be looked at only; a chargeback can be won."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from billing.admin.action_pages import Facts, action_of
from billing.admin.base import ReadOnlyAdmin
from billing.admin.deeds import Deed
from billing.admin.fields import TextField
from billing.admin.filters import DateFilter
from billing.admin.formatting import amount_cell, day, link, money
from billing.admin.search import SearchedByCustomer
from billing.models import Reversal
from billing.services import reversals
from billing.words import gettext_lazy


class WonForm(forms.Form):
    reason = TextField(
        label=gettext_lazy("Reason"), help_text=gettext_lazy("Needed, for the books: what the bank wrote.")
    )


class WinChargeback(Deed):
    title = gettext_lazy("{} is won")
    button = gettext_lazy("Chargeback won")
    name = "win_chargeback"
    icon = "gavel"
    permission = "billing.win_chargeback"
    form_class = WonForm
    service = reversals.win_chargeback
    row_is = "chargeback"

    @classmethod
    def refusal(cls, row: Reversal) -> str:
        if row.kind != Reversal.Kind.CHARGEBACK:
            return _("Only a chargeback can be won.")
        return _("This chargeback is won already.") if hasattr(row, "undone_by") else ""

    def facts(self) -> Facts:
        return [
            (
                _("Chargeback"),
                _("{amount} on {reversed_on}: {reason}").format(
                    amount=money(self.row.amount), reversed_on=day(self.row.reversed_on), reason=self.row.reason
                ),
            ),
            (_("Receipt"), link(self.row.payment)),
            (_("Customer"), link(self.row.customer)),
        ]

    def outcome(self, done: Reversal) -> str:
        return _("The chargeback is won: {value} of receipt {payment} counts again.").format(
            value=money(-done.amount), payment=done.payment
        )


@admin.register(Reversal)
class ReversalAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("reversed_at", "kind_text", "source", "customer", "reason", "reversed_by", "taken_amount")
    list_select_related = ("payment", "credit_note", "customer", "reversed_by")
    list_filter = ("kind", "method", ("reversed_on", DateFilter))
    search_fields = ("payment__number",)
    search_help_text = gettext_lazy("Receipt number, or the customer's code, name, phone or login")
    number_fields = ("payment__number",)
    fields = (
        ("kind_text", "amount_text"),
        ("payment", "credit_note"),
        ("customer", "method"),
        ("reversed_at", "reversed_by"),
        ("reason", "undoes"),
    )
    readonly_fields = ("kind_text", "amount_text")
    win_chargeback = action_of(WinChargeback)
    actions_detail = ("win_chargeback",)

    @display(description=gettext_lazy("kind"))
    def kind_text(self, reversal: Reversal) -> str:
        return capfirst(reversal.get_kind_display())

    @display(description=gettext_lazy("payment or credit note"))
    def source(self, reversal: Reversal) -> str:
        return link(reversal.payment or reversal.credit_note)

    @display(description=gettext_lazy("amount"))
    def taken_amount(self, reversal: Reversal) -> SafeString:
        return amount_cell(reversal.amount)

    @display(description=gettext_lazy("amount"))
    def amount_text(self, reversal: Any) -> str:
        return money(reversal.amount)
