"""What a subscription's page shows below its dates: what is agreed, its bills, and every change of its access."""

from __future__ import annotations

from collections.abc import Callable, Collection
from functools import partial

from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from billing.admin import network_panels
from billing.admin.customer_panels import BILL_COLUMNS, bill_rows
from billing.admin.formatting import NONE, day, instant, label, link, list_of, state_label
from billing.admin.panels import Panel, columns
from billing.admin.subscription_facts import ONE_DAY, days, taken_off
from billing.models import AccessEvent, Bill, Discount, Hold, ScheduledChange, Subscription, UnbilledDays
from billing.services.scheduled_changes import UNSETTLED

LAST = 10
LAST_BILLS = 12
LAST_EVENTS = 20
EVENT_COLUMNS = columns(
    "When",
    "Change",
    "Reason",
    "Rule",
    "Bill",
    "Run",
    "By",
    "Access after",
)


def panels(request: HttpRequest, subscription: Subscription, shown_bills: Collection[int] = ()) -> list[Panel]:
    """What is agreed, the newest bills beside ``shown_bills`` and the access events, as far as ``request`` may see."""
    parts: list[tuple[str, Callable[[Subscription], Panel | None]]] = [
        ("billing.view_onlinesession", network_panels.panel),
        ("billing.view_onlinesession", network_panels.usage),
        ("billing.view_scheduledchange", _changes),
        ("billing.view_hold", _holds),
        ("billing.view_discount", _discounts),
        ("billing.view_unbilleddays", _unbilled_days),
        ("billing.view_bill", partial(_bills, shown=shown_bills)),
        ("billing.view_accessevent", _events),
    ]
    found = [make(subscription) for permission, make in parts if request.user.has_perm(permission)]
    return [panel for panel in found if panel is not None]


def _changes(subscription: Subscription) -> Panel | None:
    changes = ScheduledChange.objects.filter(subscription=subscription, status__in=UNSETTLED).select_related("plan")
    rows = [
        (
            link(change, day(change.due_on)),
            capfirst(change.get_kind_display()),
            change.plan or NONE,
            state_label(change.status),
            change.error or NONE,
            _take_back(change),
        )
        for change in changes
    ]
    if not rows:
        return None
    more = list_of(ScheduledChange, f"?subscription__id__exact={subscription.pk}")
    return Panel(_("Scheduled changes"), columns("On", "Change", "Plan", "Status", "Error", ""), rows, more=more)


def _take_back(change: ScheduledChange) -> str:
    if change.kind == ScheduledChange.Kind.START:
        return ""
    address = reverse("admin:billing_scheduledchange_take_back", args=[change.pk])
    return format_html('<a class="text-link" href="{}">Take back</a>', address)


def _holds(subscription: Subscription) -> Panel | None:
    holds = Hold.objects.filter(subscription=subscription)[:LAST]
    rows = [(link(hold, days(hold.days)), hold.note or NONE, instant(hold.settled_at)) for hold in holds]
    return Panel(_("Holds"), columns("Days", "Note", "Ended"), rows) if rows else None


def _discounts(subscription: Subscription) -> Panel | None:
    discounts = Discount.objects.filter(subscription=subscription).order_by("-pk")[:LAST]
    rows = [
        (link(discount), taken_off(discount), day(discount.starts_on), day(discount.ends_on)) for discount in discounts
    ]
    return Panel(_("Discounts"), columns("Discount", "Off", "From", "Ends on"), rows) if rows else None


def _unbilled_days(subscription: Subscription) -> Panel | None:
    found = UnbilledDays.objects.filter(subscription=subscription).order_by("-pk")[:LAST]
    rows = [(day(row.first_day), day(row.end_day - ONE_DAY), row.get_reason_display()) for row in found]
    return Panel(_("Days that are never billed"), columns("From", "To", "Why"), rows) if rows else None


def _bills(subscription: Subscription, shown: Collection[int]) -> Panel | None:
    bills = Bill.objects.filter(lines__subscription=subscription).exclude(pk__in=shown).distinct()[:LAST_BILLS]
    rows = bill_rows(bills)
    if shown and not rows:
        return None
    title = _("Other bills") if shown else _("Last bills")
    return Panel(title, BILL_COLUMNS, rows, empty=_("Nothing is billed yet."))


def _events(subscription: Subscription) -> Panel:
    events = AccessEvent.objects.filter(subscription=subscription).select_related("bill", "run", "actor")
    rows = [event_row(event) for event in events[:LAST_EVENTS]]
    more = list_of(AccessEvent, f"?subscription__id__exact={subscription.pk}")
    return Panel(_("Access history"), EVENT_COLUMNS, rows, empty=_("Never disabled."), more=more)


def event_row(event: AccessEvent) -> tuple[object, ...]:
    """One row under ``EVENT_COLUMNS``."""
    return (
        link(event, instant(event.at)),
        event.get_change_display(),
        event.get_reason_display(),
        event.rule,
        link(event.bill),
        link(event.run),
        event.actor or (_("expiry check") if event.run_id else NONE),
        label(_("on"), "success") if event.is_on else label(_("off"), "danger"),
    )
