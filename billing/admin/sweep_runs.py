"""The runs of the expiry check: what each cut, held and set aside (rules E14, E15)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.db.models import Prefetch
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.admin import formatting, who_will_be_cut
from billing.admin.access_labels import OPEN_BLOCKS, access_of
from billing.admin.action_pages import action_of
from billing.admin.base import ReadOnlyAdmin
from billing.admin.filters import DateFilter
from billing.admin.formatting import amount_cell, link
from billing.admin.panels import Column, Panel, columns
from billing.admin.subscription_panels import EVENT_COLUMNS, event_row
from billing.admin.sweep_run_actions import ConfirmRun, UndoRun
from billing.models import AccessEvent, Customer, Subscription, SweepFinding, SweepRun
from billing.services import areas, summary
from billing.words import gettext_lazy

MOST_SHOWN = 200
COLOURS = {"held": "danger", "confirmed": "warning", "undone": "warning", "done": "success"}
SUBSCRIPTION = Column(gettext_lazy("Subscription"))
HELD_COLUMNS = columns(
    "Customer",
    "Login",
    "Phone",
    "Owes",
    "Access now",
    amounts=("Owes",),
)
SET_ASIDE_COLUMNS = columns("Customer", "Login", "Error", "Access now")


@admin.register(SweepRun)
class SweepRunAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "as_of", "state", "looked_at", "disabled", "skipped", "set_aside", "duration")
    list_filter = ("status", ("as_of", DateFilter))
    fields = (
        ("state", "as_of"),
        ("looked_at", "active"),
        ("disabled", "skipped"),
        ("set_aside", "duration"),
        ("decided_at", "decided_by"),
    )
    readonly_fields = ("state", "duration")
    confirm = action_of(ConfirmRun)
    undo = action_of(UndoRun)
    actions_detail = ("confirm", "undo")

    @display(description=gettext_lazy("status"))
    def state(self, run: SweepRun) -> SafeString:
        return formatting.label(run.get_status_display(), COLOURS.get(run.status, ""))

    @display(description=gettext_lazy("seconds"))
    def duration(self, run: SweepRun) -> str:
        return f"{(run.ended_at - run.started_at).total_seconds():.1f}" if run.ended_at else formatting.NONE

    def panels(self, request: HttpRequest, row: SweepRun) -> list[Panel]:
        user: Any = request.user
        found = [_held(row, user), _set_aside(row, user)] if user.has_perm("billing.view_subscription") else []
        if user.has_perm("billing.view_accessevent"):
            found.append(_cuts(row, user))
        return [panel for panel in found if panel is not None]


def _cuts(run: SweepRun, user: Any) -> Panel | None:
    if run.status == SweepRun.Status.HELD:
        return None
    events = areas.seen(user, run.events.all())
    events = events.select_related("subscription", "bill", "run", "actor").order_by("pk")[:MOST_SHOWN]
    rows = [(link(event.subscription), *event_row(event)) for event in events]
    more = formatting.list_of(AccessEvent, f"?run__id__exact={run.pk}")
    return Panel(_("Disabled by this run"), (SUBSCRIPTION, *EVENT_COLUMNS), rows, more=more)


def _held(run: SweepRun, user: Any) -> Panel | None:
    """Those that the circuit breaker kept the run from cutting, the first of them."""
    rows = [
        (
            link(service.customer),
            link(service),
            service.customer.phone,
            amount_cell(service.customer.owed),
            access_of(service),
        )
        for service in _found(run, SweepFinding.Kind.HELD, user)
    ]
    if not rows:
        return None
    first = (
        _(", the first {most_shown} of {looked_at}").format(most_shown=MOST_SHOWN, looked_at=f"{run.looked_at:,}")
        if run.looked_at > len(rows)
        else ""
    )
    return Panel(
        _("Held by the circuit breaker{first}").format(first=first),
        HELD_COLUMNS,
        rows,
        more=who_will_be_cut.address(run),
    )


def _set_aside(run: SweepRun, user: Any) -> Panel | None:
    findings = SweepFinding.objects.filter(run=run, kind=SweepFinding.Kind.SET_ASIDE)
    errors = dict(findings.values_list("subscription_id", "error")[:MOST_SHOWN])
    rows = [
        (link(service.customer), link(service), errors.get(service.pk, ""), access_of(service))
        for service in _found(run, SweepFinding.Kind.SET_ASIDE, user)
    ]
    return Panel(_("Set aside because of an error"), SET_ASIDE_COLUMNS, rows) if rows else None


def _found(run: SweepRun, kind: str, user: Any) -> list[Any]:
    """The subscriptions of the run's findings, with what their customers owe."""
    findings = SweepFinding.objects.filter(run=run, kind=kind).values("subscription")
    found = areas.seen(user, Subscription.objects.filter(pk__in=findings)).select_related("access_state").order_by("pk")
    owing = Prefetch("customer", summary.with_debt(Customer.objects.all()))
    return list(found.prefetch_related(owing, OPEN_BLOCKS)[:MOST_SHOWN])
