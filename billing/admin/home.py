"""The first page: what waits for staff, and how the business goes, as far as each may see it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.admin import business, counter, reports, waiting, who_will_be_cut
from billing.admin.cards import Section
from billing.admin.customer_panels import PAYMENT_COLUMNS, payment_rows
from billing.admin.formatting import link, list_of
from billing.admin.panels import Column, Panel
from billing.admin.subscription_panels import EVENT_COLUMNS, event_row
from billing.models import AccessEvent, Payment
from billing.services import areas

LATEST = 8


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Unfold's callback: adds the sections and panels that this user may see."""
    user: Any = request.user
    now, may = timezone.now(), user.has_perm
    sections: list[Section] = [section for section in (waiting.section(request, now),) if section.cards]
    panels: list[Panel] = []
    if reports.may_see(request):
        sections.append(business.section(now))
        panels.extend(business.panels(now))
    elif may(reports.NEEDED):
        sections.append(business.NOT_OF_AREAS)
    if may("billing.view_accessevent"):
        panels.append(_latest_events(user))
    if may("billing.view_payment"):
        panels.append(_latest_payments(user))
    warnings = who_will_be_cut.held_now(request) if may("billing.view_sweeprun") else []
    box = {"counter": counter.box()} if counter.may_see(request) else {}
    return {**context, **box, "warnings": warnings, "sections": sections, "panels": panels}


def _latest_events(user: Any) -> Panel:
    events = areas.seen(user, AccessEvent.objects.all())
    events = events.select_related("subscription", "bill", "run", "actor").order_by("-at", "-id")[:LATEST]
    rows = [(link(event.subscription), *event_row(event)) for event in events]
    heads = (Column(_("Subscription")), *EVENT_COLUMNS)
    return Panel(_("Latest changes of access"), heads, rows, empty=_("None yet."), more=list_of(AccessEvent))


def _latest_payments(user: Any) -> Panel:
    payments = areas.seen(user, Payment.objects.select_related("customer")).order_by("-received_at")[:LATEST]
    rows = [(link(payment.customer), *cells) for payment, cells in zip(payments, payment_rows(payments), strict=True)]
    heads = (Column(_("Customer")), *PAYMENT_COLUMNS)
    return Panel(_("Latest payments"), heads, rows, empty=_("None yet."), more=list_of(Payment))
