"""The suspense list: money of statements that nobody knows the customer of, until staff say whose it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from billing.admin import explain, formatting
from billing.admin.action_pages import ActionPage, Facts, action_of
from billing.admin.base import ReadOnlyAdmin
from billing.admin.deeds import Deed
from billing.admin.fields import TextField
from billing.admin.panels import Panel, columns
from billing.models import Customer, Payment, UnmatchedPayment
from billing.rules.errors import Refused
from billing.services import customers, summary, unmatched, unmatched_search
from billing.words import gettext_lazy

STATES = {"open": "info", "resolved": "success", "refused": ""}
SUGGESTED = columns("Customer", "Phone", "Owes", amounts=("Owes",))


class CustomerCodeField(forms.CharField):
    """A customer by code."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextInputWidget({"autocomplete": "off", "autofocus": True})
        super().__init__(**{"max_length": 20, "widget": widget, **kwargs})

    def clean(self, value: Any) -> Customer:
        try:
            return customers.by_code(super().clean(value))
        except Refused as refused:
            raise ValidationError(str(refused)) from refused

    def prepare_value(self, value: Any) -> Any:
        return value.code if isinstance(value, Customer) else value


class ResolveForm(forms.Form):
    customer = CustomerCodeField(label=gettext_lazy("Customer code"))


class RefuseForm(forms.Form):
    reason = TextField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("Needed, for the books: why it is no payment of a customer, and what became of it."),
    )


def _facts(row: UnmatchedPayment) -> Facts:
    return [
        (_("Money"), f"{formatting.money(row.amount, row.currency)}, {row.get_method_display()}, {row}"),
        (_("Paid on"), formatting.day(row.paid_on)),
        (_("Payer"), " ".join(filter(None, (row.payer, row.phone, row.text))) or formatting.NONE),
        (_("Not matched"), row.why),
    ]


def _refusal(row: UnmatchedPayment) -> str:
    return "" if row.closed_at is None else _("{row} is {state} already.").format(row=row, state=row.state)


class Resolve(Deed):
    """Say whose the money is: it becomes a payment of theirs."""

    title = gettext_lazy("Whose is {}?")
    button = gettext_lazy("Take as payment")
    name = "resolve"
    icon = "person_check"
    permission = "billing.resolve_unmatchedpayment"
    is_primary = True
    form_class = ResolveForm
    service = unmatched.resolve
    row_is = "item"

    @classmethod
    def refusal(cls, row: UnmatchedPayment) -> str:
        return _refusal(row)

    @property
    def customer_id(self) -> int:
        return self._customer.pk

    def facts(self) -> Facts:
        return _facts(self.row)

    def initial(self) -> dict[str, Any]:
        suggested = unmatched.suggestions(self.row)
        return {"customer": suggested[0].code} if len(suggested) == 1 else {}

    def preview(self, data: dict[str, Any]) -> tuple[Facts, Sequence[str]]:
        self._customer: Customer = data["customer"]
        facts, sentences = super().preview(data)
        return [(_("Owes"), formatting.money(summary.debt(self._customer))), *facts], sentences

    def act(self, data: dict[str, Any]) -> Payment:
        self._customer = data["customer"]
        payment: Payment = super().act(data)
        return payment

    def told(self, done: Payment) -> str:
        return explain.what_it_did(done, self.now)

    def page_after(self, done: Payment) -> Payment:
        return done


class Refuse(ActionPage):
    """Close a row that is no payment of a customer."""

    title = gettext_lazy("Refuse {}")
    button = gettext_lazy("Refuse")
    name = "refuse"
    icon = "block"
    permission = "billing.resolve_unmatchedpayment"
    form_class = RefuseForm

    @classmethod
    def refusal(cls, row: UnmatchedPayment) -> str:
        return _refusal(row)

    def facts(self) -> Facts:
        return _facts(self.row)

    def act(self, data: dict[str, Any]) -> UnmatchedPayment:
        return unmatched.refuse(item=self.row, now=self.now, by=self.request.user, **data)

    def told(self, done: UnmatchedPayment) -> str:
        return _("{done} is refused: it is no payment of a customer.").format(done=done)


class StateFilter(SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state, state) for state in STATES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[UnmatchedPayment]) -> QuerySet[UnmatchedPayment]:
        found = {
            "open": queryset.filter(closed_at=None),
            "resolved": queryset.filter(payment__isnull=False),
            "refused": queryset.exclude(refusal=""),
        }
        return found.get(self.value() or "", queryset)


class SourceFilter(SimpleListFilter):
    title = gettext_lazy("source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(source, source) for source in unmatched_search.sources()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[UnmatchedPayment]) -> QuerySet[UnmatchedPayment]:
        return queryset.filter(source=self.value()) if self.value() else queryset


@admin.register(UnmatchedPayment)
class UnmatchedPaymentAdmin(ReadOnlyAdmin):
    list_display = ("reference", "source", "paid_on", "payer", "phone", "text", "money_amount", "state_shown")
    list_filter = (StateFilter, SourceFilter)
    search_fields = ("reference",)  # shows the box
    search_help_text = gettext_lazy("How a reference, a phone, or words of the payer and of what the payer wrote begin")
    fields = (
        ("source", "reference"),
        ("money_text", "method"),
        ("paid_on", "payer"),
        ("phone", "text"),
        ("why", "file"),
        ("recorded_at", "recorded_by"),
        ("state_text", "payment"),
        ("refusal", "closed_by"),
    )
    readonly_fields = ("money_text", "state_text")
    resolve = action_of(Resolve)
    refuse = action_of(Refuse)
    actions_detail = ("resolve", "refuse")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[UnmatchedPayment], search_term: str
    ) -> tuple[QuerySet[UnmatchedPayment], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(pk__in=unmatched_search.find(search_term)), False

    def panels(self, request: HttpRequest, row: UnmatchedPayment) -> list[Panel]:
        if row.closed_at or not request.user.has_perm("billing.view_customer"):
            return []
        rows = [
            (formatting.link(one), one.phone, formatting.amount_cell(summary.debt(one)))
            for one in unmatched.suggestions(row)
        ]
        return [Panel(_("Whose it may be"), SUGGESTED, rows, empty=_("Nobody has this phone, name or code."))]

    @display(description=gettext_lazy("amount"), ordering="amount")
    def money_amount(self, row: UnmatchedPayment) -> SafeString:
        return formatting.amount_cell(row.amount, row.currency)

    @display(description=gettext_lazy("amount"))
    def money_text(self, row: UnmatchedPayment) -> str:
        return formatting.money(row.amount, row.currency)

    @display(description=gettext_lazy("state"))
    def state_shown(self, row: UnmatchedPayment) -> SafeString:
        return formatting.label(row.state, STATES[row.state])

    @display(description=gettext_lazy("state"))
    def state_text(self, row: UnmatchedPayment) -> str:
        return f"{row.state}, {formatting.instant(row.closed_at)}" if row.closed_at else row.state
