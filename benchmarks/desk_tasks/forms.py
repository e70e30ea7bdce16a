"""The tables of the desk as one registers them first: a list with a search and a form with what must be entered."""

from __future__ import annotations

from typing import Any

from unfold.admin import ModelAdmin
from unfold.sites import UnfoldAdminSite

from billing.models import AccessState, Allocation, Bill, Block, Customer, Payment, Promise, Subscription

site = UnfoldAdminSite("stock")
OF_CUSTOMER = ("customer__code", "customer__name", "customer__subscriptions__login")
OF_SUBSCRIPTION = ("subscription__login",)


class Stock(ModelAdmin):
    list_per_page = 50

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        """What the table may leave empty, the form may, too."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.null:
            field.required = False
        return field


class Customers(Stock):
    list_display = ("code", "name", "phone")
    search_fields = ("code", "name", "phone", "subscriptions__login")


class Subscriptions(Stock):
    list_display = ("login", "customer", "plan")
    list_select_related = ("customer", "plan")
    search_fields = ("login", "customer__code", "customer__name")
    fields = ("plan",)


class Bills(Stock):
    list_display = ("number", "customer", "due_on", "status", "total")
    list_select_related = ("customer",)
    search_fields = ("number", *OF_CUSTOMER)
    fields = ("status", "allocated")


class Payments(Stock):
    search_fields = ("number",)
    autocomplete_fields = ("customer",)
    fields = (
        "customer", "number", "sequence", "amount", "currency", "allocated", "method", "received_at", "received_on",
    )  # fmt: skip


class Allocations(Stock):
    autocomplete_fields = ("payment", "bill")
    fields = ("payment", "bill", "amount", "allocated_at")


class Blocks(Stock):
    list_display = ("subscription", "reason", "closed_at")
    list_select_related = ("subscription",)
    search_fields = OF_SUBSCRIPTION
    fields = ("closed_at",)


class AccessStates(Stock):
    list_display = ("subscription", "is_on", "cut_off_at")
    list_select_related = ("subscription",)
    search_fields = OF_SUBSCRIPTION
    fields = ("is_on", "not_before")


class Promises(Stock):
    autocomplete_fields = ("customer",)
    fields = ("customer", "until", "why")

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        obj.created_at = obj.not_before = f"{obj.until}T00:00Z"  # both may not be entered
        super().save_model(request, obj, form, change)


for model, admin in (
    (Customer, Customers),
    (Subscription, Subscriptions),
    (Bill, Bills),
    (Payment, Payments),
    (Allocation, Allocations),
    (Block, Blocks),
    (AccessState, AccessStates),
    (Promise, Promises),
):
    site.register(model, admin)
