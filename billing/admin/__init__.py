"""The staff's pages: they show, ask and call services. Money and access are decided and written there."""

from django.contrib import admin

from billing.admin import (
    access,
    audit,
    bill_lines,
    bills,
    cash,
    catalog,
    changes,
    credit_notes,
    customer_notes,
    customers,
    deferrals,
    holidays,
    items,
    jobs,
    ledger,
    lock_outs,
    network_lists,
    numbering,
    payments,
    reversals,
    review,
    routers,
    scheduler_tables,
    subscriptions,
    sweep_runs,
    unmatched,
    users,
)
from billing.words import gettext_lazy as _

__all__ = [
    "access",
    "audit",
    "bill_lines",
    "bills",
    "cash",
    "catalog",
    "changes",
    "credit_notes",
    "customer_notes",
    "customers",
    "deferrals",
    "holidays",
    "items",
    "jobs",
    "ledger",
    "lock_outs",
    "network_lists",
    "numbering",
    "payments",
    "reversals",
    "review",
    "routers",
    "scheduler_tables",
    "subscriptions",
    "sweep_runs",
    "unmatched",
    "users",
]

admin.site.index_template = "billing/home.html"
admin.site.index_title = _("Home")
