"""What a customer's page shows: subscriptions and open bills above the form, what was before below it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from billing.admin.access_labels import access_of
from billing.admin.cut_offs import cut_off
from billing.admin.deferral_panels import deferrals_panel
from billing.admin.document_panels import NOTE_COLUMNS, note_rows
from billing.admin.formatting import NONE, amount_cell, day, instant, label, link, list_of, state_label
from billing.admin.panels import Panel, columns
from billing.admin.rules_in_force import customer_panel
from billing.admin.session_cells import size
from billing.admin.timeline_panel import timeline_panel
from billing.models import Bill, CreditNote, Customer, CustomerNote, Item, Payment
from billing.services import clock, policy, summary
from billing.services.drafts import waiting_items
from billing.services.network import usage

LAST = 10


def today(request: HttpRequest, customer: Any) -> list[Panel]:
    """The panels above the form of a customer that the admin fetched with its ``services``."""
    may = request.user.has_perm
    found = [_subscriptions(customer)] if may("billing.view_subscription") else []
    if may("billing.view_bill"):
        found.append(_open_bills(customer))
    if may("billing.view_customernote") and (noted := _notes(customer)) is not None:
        found.append(noted)
    return found


def panels(request: HttpRequest, customer: Any) -> list[Panel]:
    """The panels below it, as far as ``request`` may see them."""
    may = request.user.has_perm
    found = [_last_payments(customer)] if may("billing.view_payment") else []
    if may("billing.view_item") and (waiting := waiting_items([customer.pk])):
        found.append(_waiting_items(waiting))
    if may("billing.view_creditnote"):
        found.append(_last_notes(customer))
    if (deferred := deferrals_panel(request, customer.pk)) is not None:
        found.append(deferred)
    if (happened := timeline_panel(request, customer.pk)) is not None:
        found.append(happened)
    if may("billing.view_subscription"):
        found.append(customer_panel(customer))
    return found


def _subscriptions(customer: Any) -> Panel:
    calendar, now = policy.calendar(), timezone.now()
    rows: list[tuple[object, ...]] = [
        (
            link(service),
            service.plan.name,
            access_of(service),
            cut_off(service.access_state.cut_off_at, calendar),
            day(service.starts_on),
        )
        for service in customer.services
    ]
    heads = columns("Login", "Plan", "Access", "Cut-off", "Since")
    quotas = [usage.kept(service, now=now) for service in customer.services]
    if any(quotas):
        heads = (*heads, *columns("Quota"))
        rows = [(*row, quota_cell(use)) for row, use in zip(rows, quotas, strict=True)]
    return Panel(_("Subscriptions"), heads, rows, empty=_("No subscription yet."))


def quota_cell(use: usage.Use | None) -> str:
    """Such as “42.0 GB of 100 GB used in this period, until 1 December 2026”."""
    if use is None:
        return NONE
    told = _("{used} of {quota} GB used in this period, until {end}").format(
        used=size(use.used_bytes), quota=use.cap.quota_gb, end=day(use.end)
    )
    return format_html("{} {}", told, label(_("used up"), "warning")) if use.is_over else told


def _open_bills(customer: Customer) -> Panel:
    return Panel(
        _("Open bills"),
        BILL_COLUMNS,
        bill_rows(summary.open_bills(customer)),
        empty=_("No open bill: nothing is owed."),
        more=list_of(Bill, f"?customer__id__exact={customer.pk}"),
    )


def _notes(customer: Customer) -> Panel | None:
    notes = CustomerNote.objects.filter(customer=customer).select_related("written_by")[:LAST]
    rows = [(note.text, instant(note.written_at), note.written_by or NONE) for note in notes]
    more = list_of(CustomerNote, f"?customer__id__exact={customer.pk}")
    return Panel(_("Notes"), columns("Note", "Written", "By"), rows, more=more) if rows else None


def _last_payments(customer: Customer) -> Panel:
    payments = Payment.objects.filter(customer=customer).order_by("-received_at")[:LAST]
    return Panel(
        _("Last payments"),
        PAYMENT_COLUMNS,
        payment_rows(payments),
        empty=_("No payment yet."),
        more=list_of(Payment, f"?customer__id__exact={customer.pk}"),
    )


def _waiting_items(waiting: list[Item]) -> Panel:
    rows = [(link(item), instant(item.created_at), item.tax_rate or NONE, amount_cell(item.amount)) for item in waiting]
    heads = columns("Item", "Added", "Tax", "Amount", amounts=("Amount",))
    return Panel(_("One-off items that wait for a bill"), heads, rows)


def _last_notes(customer: Customer) -> Panel:
    return Panel(
        _("Last credit notes"),
        NOTE_COLUMNS,
        note_rows(CreditNote.objects.filter(customer=customer)[:LAST]),
        empty=_("No credit note yet."),
        more=list_of(CreditNote, f"?customer__id__exact={customer.pk}"),
    )


BILL_COLUMNS = columns(
    "Bill",
    "Issued",
    "Due",
    "State",
    "Total",
    "Left to pay",
    amounts=("Total", "Left to pay"),
)
PAYMENT_COLUMNS = columns(
    "Receipt",
    "Received",
    "Method",
    "Amount",
    "Left as credit",
    amounts=("Amount", "Left as credit"),
)


def bill_rows(bills: Iterable[Bill]) -> list[tuple[object, ...]]:
    """The rows under ``BILL_COLUMNS``."""
    today = clock.local_date(timezone.now())
    return [
        (
            link(bill),
            day(bill.issued_on),
            day(bill.due_on),
            state_label(summary.bill_state(bill, today)),
            amount_cell(bill.total, bill.currency),
            amount_cell(bill.outstanding, bill.currency),
        )
        for bill in bills
    ]


def payment_rows(payments: Iterable[Payment]) -> list[tuple[object, ...]]:
    """The rows under ``PAYMENT_COLUMNS``."""
    return [
        (
            link(payment),
            instant(payment.received_at),
            capfirst(payment.get_method_display()),
            amount_cell(payment.amount, payment.currency),
            amount_cell(payment.credit, payment.currency),
        )
        for payment in payments
    ]
