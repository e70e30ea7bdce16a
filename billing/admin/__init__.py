"""The staff's pages: they show, ask and call services. Money and access are decided and written there."""

from django.contrib import admin

from billing.admin import (
    access,
    bills,
    catalog,
    customers,
    jobs,
    ledger,
    numbering,
    payments,
    review,
    subscriptions,
    users,
)

__all__ = [
    "access",
    "bills",
    "catalog",
    "customers",
    "jobs",
    "ledger",
    "numbering",
    "payments",
    "review",
    "subscriptions",
    "users",
]

admin.site.index_template = "billing/home.html"
admin.site.index_title = "Home"
