"""The lists of customers and bills as one writes them first: django-unfold's ModelAdmin with nothing changed."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from unfold.admin import ModelAdmin

from billing.models import Bill, Customer

STOCK = "django-unfold, as it comes"
ROWS = 50


class StockCustomers(ModelAdmin):
    list_display = ("code", "name", "phone", "area")
    list_select_related = ("area",)
    list_filter = ("area", "subscriptions__access_state__is_on")
    search_fields = ("code", "name", "phone", "subscriptions__login")
    list_per_page = ROWS


class StockBills(ModelAdmin):
    list_display = ("number", "customer", "issued_on", "due_on", "status", "total")
    list_select_related = ("customer",)
    list_filter = ("status", "due_on", "issued_on")
    search_fields = ("number", "customer__code", "customer__name", "customer__phone", "customer__subscriptions__login")
    list_per_page = ROWS


site = AdminSite("admin")
ADMINS = {Customer: StockCustomers(Customer, site), Bill: StockBills(Bill, site)}


def last_page(model: type) -> int:
    """The number of the last page, counted before the time is taken."""
    return max(1, -(-model.objects.count() // ROWS))
