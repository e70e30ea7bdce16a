"""Who has access and who not, why, and every change: facts, to be looked at only."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest
from django.utils.safestring import SafeString

from billing.admin import formatting
from billing.admin.base import ReadOnlyAdmin
from billing.admin.panels import Column, Panel
from billing.admin.search import SearchedByCustomer
from billing.admin.subscription_panels import EVENT_COLUMNS, event_row
from billing.models import AccessEvent, AccessState, Block, SweepRun

MOST_CUTS = 50
SUBSCRIPTION = Column("Subscription")


class BySubscription(SearchedByCustomer, ReadOnlyAdmin):
    """A list that is searched by login or customer."""

    search_fields = ("subscription__login",)
    search_help_text = "Login, or the customer's code, name or phone"
    number_field = "subscription__login"
    customer_field = "subscription__customer"


@admin.register(AccessState)
class AccessStateAdmin(BySubscription):
    list_display = ("subscription", "access", "cut_off_at", "version")
    list_select_related = ("subscription",)
    list_filter = ("is_on", "cut_off_at")
    ordering = ("pk",)
    fields = ("subscription", "access", "cut_off_at", "version")
    readonly_fields = ("access",)

    @display(description="access", ordering="is_on")
    def access(self, state: AccessState) -> SafeString:
        return formatting.access_label(state.is_on)


@admin.register(Block)
class BlockAdmin(BySubscription):
    list_display = ("subscription", "why", "opened_at", "closed_at", "bill", "note")
    list_select_related = ("subscription", "bill")
    list_filter = ("reason", ("closed_at", admin.EmptyFieldListFilter), "opened_at")

    @display(description="reason", ordering="reason")
    def why(self, block: Block) -> SafeString:
        colour = formatting.REASON_COLOURS[block.reason] if block.closed_at is None else ""
        return formatting.label(block.get_reason_display(), colour)


@admin.register(AccessEvent)
class AccessEventAdmin(BySubscription):
    list_display = ("at", "subscription", "change", "reason", "rule", "bill", "run", "actor", "access")
    list_select_related = ("subscription", "bill", "run", "actor")
    list_filter = ("change", "reason", "at")

    @display(description="access after")
    def access(self, event: AccessEvent) -> SafeString:
        return formatting.access_label(event.is_on)


@admin.register(SweepRun)
class SweepRunAdmin(ReadOnlyAdmin):
    list_display = ("__str__", "as_of", "disabled")
    list_filter = ("as_of",)

    def panels(self, request: HttpRequest, row: SweepRun) -> list[Panel]:
        events = row.events.select_related("subscription", "bill", "run", "actor").order_by("pk")[:MOST_CUTS]
        cuts = [(formatting.link(event.subscription), *event_row(event)) for event in events]
        more = formatting.list_of(AccessEvent, f"?run__id__exact={row.pk}")
        return [Panel("Disabled by this run", (SUBSCRIPTION, *EVENT_COLUMNS), cuts, more=more)]
