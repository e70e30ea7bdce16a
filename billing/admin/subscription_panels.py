"""What a subscription's page shows below its dates: its bills and every change of its access."""

from __future__ import annotations

from django.http import HttpRequest

from billing.admin.customer_panels import BILL_COLUMNS, bill_rows
from billing.admin.formatting import NONE, instant, label, link, list_of
from billing.admin.panels import Panel, columns
from billing.models import AccessEvent, Bill, Subscription

LAST_BILLS = 12
LAST_EVENTS = 20
EVENT_COLUMNS = columns("When", "Change", "Reason", "Rule", "Bill", "Run", "By", "Access after")


def panels(request: HttpRequest, subscription: Subscription) -> list[Panel]:
    """The newest bills and access events, as far as ``request`` may see them."""
    may = request.user.has_perm
    found = [_bills(subscription)] if may("billing.view_bill") else []
    if may("billing.view_accessevent"):
        found.append(_events(subscription))
    return found


def _bills(subscription: Subscription) -> Panel:
    bills = Bill.objects.filter(lines__subscription=subscription).distinct()[:LAST_BILLS]
    return Panel("Last bills", BILL_COLUMNS, bill_rows(bills), empty="Nothing is billed yet.")


def _events(subscription: Subscription) -> Panel:
    events = AccessEvent.objects.filter(subscription=subscription).select_related("bill", "run", "actor")
    rows = [event_row(event) for event in events[:LAST_EVENTS]]
    more = list_of(AccessEvent, f"?subscription__id__exact={subscription.pk}")
    return Panel("Access history", EVENT_COLUMNS, rows, empty="Never disabled.", more=more)


def event_row(event: AccessEvent) -> tuple[object, ...]:
    """One row under ``EVENT_COLUMNS``."""
    return (
        link(event, instant(event.at)),
        event.get_change_display(),
        event.get_reason_display(),
        event.rule,
        link(event.bill),
        link(event.run),
        event.actor or ("expiry check" if event.run_id else NONE),
        label("on", "success") if event.is_on else label("off", "danger"),
    )
