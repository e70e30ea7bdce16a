"""Customers and their areas."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import admin, messages
from django.contrib.admin import display
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextInputWidget

from billing.admin import customer_panels, formatting
from billing.admin.access_labels import OPEN_BLOCKS, access_of_all
from billing.admin.action_pages import action_of
from billing.admin.base import AddedByService, asked_once, button
from billing.admin.customer_actions import AddItem, BillItems, GiveCredit
from billing.admin.customer_notes import WriteNote
from billing.admin.deferral_actions import ExcludeFromCuts, PromiseToPay
from billing.admin.filters import CustomerAccessFilter, DebtFilter
from billing.admin.panels import Panel
from billing.admin.protection import DeletedUnlessUsed
from billing.admin.receiving import ReceivePayment
from billing.admin.search import found_customers
from billing.admin.statement import statement
from billing.models import Area, Customer, Subscription
from billing.rules.errors import Refused
from billing.services import clock, customers, summary
from billing.words import gettext_lazy

SERVICES = Prefetch(
    "subscriptions",
    Subscription.objects.select_related("access_state", "plan", "data_use").prefetch_related(OPEN_BLOCKS),
    to_attr="services",
)

OUTDATED = gettext_lazy("This form cannot be used any more. Open “Add customer” anew.")
OWN_TERMS = ("due_days", "grace_days")
FORM_FIELDS = (
    "code",
    "name",
    "phone",
    "email",
    "address",
    "area",
    "tax_id",
    "national_id",
    "language",
    "bill_per_subscription",
    *OWN_TERMS,
)


class CustomerForm(forms.ModelForm):
    code = forms.CharField(
        label=gettext_lazy("Code"),
        max_length=20,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("Leave it empty, and the next number of the series is given."),
    )

    class Meta:
        model = Customer
        fields = FORM_FIELDS


class NewCustomerForm(CustomerForm):
    """``request_key`` is made with the form: however often it is sent, it adds one customer."""

    request_key = forms.UUIDField(
        widget=forms.HiddenInput, initial=uuid4, error_messages={"required": OUTDATED, "invalid": OUTDATED}
    )

    def validate_unique(self) -> None:
        """Left to the service: a code is not taken when the same form gave it a moment ago."""


@admin.register(Customer)
class CustomerAdmin(AddedByService):
    form = CustomerForm
    list_display = ("code", "name", "phone", "area", "access", "owed_amount", "payment")
    list_display_links = ("code", "name")
    list_select_related = ("area",)
    list_filter = (CustomerAccessFilter, DebtFilter, "area")
    sortable_by = ("code", "name")
    search_fields = ("code", "name", "phone")
    search_help_text = gettext_lazy("Code, name, phone, login, bill number or national id")
    autocomplete_fields = ("area",)
    export_more = ((gettext_lazy("owes"), "owed"),)
    add_fieldsets = ((None, {"fields": FORM_FIELDS}),)
    change_form_outer_before_template = "billing/customer_today.html"
    change_form_before_template = "billing/hidden_fields.html"
    fieldsets = (
        (
            gettext_lazy("Customer"),
            {
                "fields": (
                    ("code", "name"),
                    ("phone", "email"),
                    ("address", "area"),
                    ("tax_id", "national_id"),
                    ("language", "created_at"),
                    "bill_per_subscription",
                    OWN_TERMS,
                )
            },
        ),
    )
    receive_payment = action_of(ReceivePayment)
    add_item = action_of(AddItem)
    bill_items = action_of(BillItems)
    give_credit = action_of(GiveCredit)
    promise_to_pay = action_of(PromiseToPay)
    exclude_from_cuts = action_of(ExcludeFromCuts)
    write_note = action_of(WriteNote)
    actions_detail = (
        "receive_payment",
        "promise_to_pay",
        "statement",
        {
            "title": gettext_lazy("Add"),
            "icon": "add",
            "items": ["add_subscription", "write_note", "add_item", "bill_items", "give_credit", "exclude_from_cuts"],
        },
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Customer]:
        return summary.with_debt(super().get_queryset(request)).prefetch_related(SERVICES)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Customer], text: str
    ) -> tuple[QuerySet[Customer], bool]:
        return queryset.filter(pk__in=found_customers(request, text)) if text.strip() else queryset, False

    def get_readonly_fields(self, request: HttpRequest, obj: Customer | None = None) -> tuple[str, ...]:
        return ("code", "created_at") if obj else ()

    def get_form(
        self, request: HttpRequest, obj: Customer | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        if obj is None:
            kwargs["form"] = NewCustomerForm
        return super().get_form(request, obj, change, **kwargs)

    def get_urls(self) -> list[URLPattern]:
        by_code = path("code/<path:code>/", self.admin_site.admin_view(self.by_code), name="billing_customer_by_code")
        return [by_code, *super().get_urls()]

    def by_code(self, request: HttpRequest, code: str) -> HttpResponse:
        """The customer's page by the code that the scheduler's log names."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            return redirect(formatting.page_of(customers.by_code(code)))
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect(formatting.list_of(Customer))

    def add_by_service(self, request: HttpRequest, data: dict[str, Any]) -> Customer:
        return customers.register(now=timezone.now(), **data)

    def save_model(self, request: HttpRequest, obj: Customer, form: forms.ModelForm, change: bool) -> None:
        obj.save(update_fields=form.changed_data)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **kwargs: Any
    ) -> HttpResponse:
        if obj:
            today = customer_panels.today(request, obj)
            context |= {"owes": self.owes(obj), "credit": self.credit(obj), "today": today}
        return super().render_change_form(request, context, *args, obj=obj, **kwargs)

    def panels(self, request: HttpRequest, row: Customer) -> list[Panel]:
        return customer_panels.panels(request, row)

    def has_delete_permission(self, request: HttpRequest, obj: Customer | None = None) -> bool:
        return False

    def has_add_subscription_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("billing.add_subscription")

    @button(gettext_lazy("New subscription"), path="add-subscription", icon="add", permission="add_subscription")
    def add_subscription(self, request: HttpRequest, object_id: str) -> HttpResponse:
        customer = self.found(request, object_id)
        if customer is None:
            return self.missing(request, object_id)
        return redirect(f"{reverse('admin:billing_subscription_add')}?customer={customer.pk}")

    def has_statement_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("billing.view_ledgerentry")

    @button(gettext_lazy("Statement"), path="statement", icon="receipt_long", permission="statement")
    def statement(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        customer = self.found(request, object_id)
        return statement(self, request, customer) if customer else self.missing(request, object_id)

    @display(description=gettext_lazy("access"))
    def access(self, customer: Any) -> SafeString:
        return access_of_all(customer.services)

    @display(description=gettext_lazy("owes"))
    def owed_amount(self, customer: Any) -> SafeString:
        return formatting.amount_cell(customer.owed)

    @display(description=gettext_lazy("payment"))
    def payment(self, customer: Any) -> str:
        if customer.oldest_due_on is None:
            return formatting.NONE
        return formatting.state_label("overdue" if self._is_late(customer) else "open")

    @display(description=gettext_lazy("owes"))
    def owes(self, customer: Any) -> str:
        if customer.oldest_due_on is None:
            return formatting.money(customer.owed)
        owed, due_on = formatting.money(customer.owed), formatting.day(customer.oldest_due_on)
        return format_html(_("{} {} due {}"), owed, self.payment(customer), due_on)

    def _is_late(self, customer: Any) -> bool:
        return bool(customer.oldest_due_on < clock.local_date(timezone.now()))

    @display(description=gettext_lazy("credit"))
    @asked_once
    def credit(self, customer: Customer) -> str:
        return formatting.money(summary.credit(customer))


@admin.register(Area)
class AreaAdmin(DeletedUnlessUsed):
    list_display = ("name",)
    sortable_by = ("name",)
    search_fields = ("name",)
    used_by = "customers"
    instead = gettext_lazy("Give these customers another area first.")
