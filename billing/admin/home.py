"""The first page: how the business stands right now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from billing.admin import counter, who_will_be_cut
from billing.admin.customer_panels import PAYMENT_COLUMNS, payment_rows
from billing.admin.formatting import link, list_of, money
from billing.admin.panels import Column, Panel
from billing.admin.subscription_panels import EVENT_COLUMNS, event_row
from billing.models import AccessEvent, Bill, BillingState, Customer, Payment, ScheduledChange, Subscription
from billing.services import areas, clock, expiry_preview, summary
from billing.services.expiry_preview import Chosen
from billing.services.wording import counted

LATEST = 8


@dataclass(frozen=True)
class Card:
    """One figure with its name, a second line, and the list that it counts."""

    title: str
    figure: str
    note: str
    link: str
    icon: str
    alarming: bool = False


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's callback: adds the cards and panels that this user may see.

    The cards count the whole installation, so who is limited to areas gets only the one of who is cut soon.
    """
    user: Any = request.user
    may, is_limited = user.has_perm, areas.of(user) is not None
    cards: list[Card] = []
    panels: list[Panel] = []
    parts: list[tuple[str, list[Any], Callable[[], list[Any]]]] = [
        ("billing.view_customer", cards, _customers),
        ("billing.view_subscription", cards, _unpaid),
        ("billing.view_bill", cards, _bills),
        ("billing.view_payment", cards, _payments),
        ("billing.view_billingstate", cards, _needs_review),
        ("billing.view_scheduledchange", cards, _failed_changes),
        ("billing.view_accessevent", panels, lambda: _latest_events(user)),
        ("billing.view_payment", panels, lambda: _latest_payments(user)),
    ]
    for permission, shown, make in parts:
        if may(permission) and not (is_limited and shown is cards):
            shown.extend(make())
    if who_will_be_cut.may_see(request):
        cards.append(_cut_soon(Chosen(areas=areas.of(user))))
    warnings = who_will_be_cut.held_now(request) if may("billing.view_sweeprun") else []
    box = {"counter": counter.box()} if counter.may_see(request) else {}
    return {**context, **box, "warnings": warnings, "cards": cards, "panels": panels}


def _cut_soon(chosen: Chosen) -> Card:
    due = expiry_preview.due_at(expiry_preview.last_cut(0, now=timezone.now()), chosen)
    address = who_will_be_cut.address()
    return Card("Due to be cut", f"{due:,}", "by the end of today, if nothing is paid", address, "content_cut")


def _customers() -> list[Card]:
    return [Card("Customers", f"{summary.customer_count():,}", "on the books", list_of(Customer), "groups")]


def _unpaid() -> list[Card]:
    count = summary.off_as_unpaid()
    return [
        Card(
            "Off as unpaid",
            f"{count:,}",
            "subscriptions",
            list_of(Subscription, "?access=unpaid"),
            "wifi_off",
            count > 0,
        )
    ]


def _bills() -> list[Card]:
    still_open, late = summary.receivables(clock.local_date(timezone.now()))
    return [
        Card(
            "Open bills",
            money(still_open.amount),
            counted(still_open.count, "bill"),
            list_of(Bill, "?state=open"),
            "receipt_long",
        ),
        Card(
            "Overdue",
            money(late.amount),
            counted(late.count, "bill"),
            list_of(Bill, "?state=overdue"),
            "alarm",
            late.count > 0,
        ),
    ]


def _payments() -> list[Card]:
    today = summary.payments_today(timezone.now())
    return [Card("Paid today", money(today.amount), counted(today.count, "payment"), list_of(Payment), "payments")]


def _needs_review() -> list[Card]:
    count = summary.needs_review(BillingState.objects.all()).count()
    if not count:
        return []
    return [Card("Needs attention", f"{count:,}", "not billed: needs review", list_of(BillingState), "rule", True)]


def _failed_changes() -> list[Card]:
    failed = list_of(ScheduledChange, "?status__exact=failed")
    count = ScheduledChange.objects.filter(status=ScheduledChange.Status.FAILED).count()
    if not count:
        return []
    return [Card("Needs attention", f"{count:,}", "changes that failed", failed, "sync_problem", True)]


def _latest_events(user: Any) -> list[Panel]:
    events = areas.seen(user, AccessEvent.objects.all())
    events = events.select_related("subscription", "bill", "run", "actor").order_by("-at", "-id")[:LATEST]
    rows = [(link(event.subscription), *event_row(event)) for event in events]
    heads = (Column("Subscription"), *EVENT_COLUMNS)
    return [Panel("Latest changes of access", heads, rows, empty="None yet.", more=list_of(AccessEvent))]


def _latest_payments(user: Any) -> list[Panel]:
    payments = areas.seen(user, Payment.objects.select_related("customer")).order_by("-received_at")[:LATEST]
    rows = [(link(payment.customer), *cells) for payment, cells in zip(payments, payment_rows(payments), strict=True)]
    heads = (Column("Customer"), *PAYMENT_COLUMNS)
    return [Panel("Latest payments", heads, rows, empty="None yet.", more=list_of(Payment))]
