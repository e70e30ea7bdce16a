"""Who has access and who not, why, and every change: facts, to be looked at only."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.utils.safestring import SafeString

from billing.admin import formatting
from billing.admin.base import ReadOnlyAdmin, asked_once
from billing.admin.cut_offs import ShowsCutOff
from billing.admin.filters import AccessStateFilter, CutOffFilter, DateFilter, OpenBlockFilter
from billing.admin.search import SearchedByCustomer
from billing.models import AccessEvent, AccessState, Block
from billing.words import gettext_lazy as _


class BySubscription(SearchedByCustomer, ReadOnlyAdmin):
    """A list that is searched by login or customer."""

    search_fields = ("subscription__login",)
    search_help_text = _("Login, or the customer's code, name or phone")
    number_fields = ("subscription__login",)
    customer_field = "subscription__customer"


@admin.register(AccessState)
class AccessStateAdmin(ShowsCutOff, BySubscription):
    list_display = ("subscription", "access", "cut_off", "version")
    list_select_related = ("subscription",)
    list_filter = (AccessStateFilter, ("cut_off_at", CutOffFilter))
    ordering = ("pk",)
    fields = ("subscription", "access", "cut_off", "version")
    readonly_fields = ("access", "cut_off")

    @display(description=_("access"))
    def access(self, state: AccessState) -> SafeString:
        return formatting.access_label(state.is_on)

    @display(description=_("cut-off"), ordering="cut_off_at")
    @asked_once
    def cut_off(self, state: AccessState) -> str:
        return self.cut_off_of(state, state.cut_off_at)


@admin.register(Block)
class BlockAdmin(BySubscription):
    list_display = ("subscription", "why", "opened_at", "closed_at", "bill", "note")
    list_select_related = ("subscription", "bill")
    list_filter = ("reason", ("closed_at", OpenBlockFilter))

    @display(description=_("reason"))
    def why(self, block: Block) -> SafeString:
        colour = formatting.REASON_COLOURS[block.reason] if block.closed_at is None else ""
        return formatting.label(block.get_reason_display(), colour)


@admin.register(AccessEvent)
class AccessEventAdmin(BySubscription):
    list_display = ("at", "subscription", "change", "reason", "rule", "bill", "run", "actor", "access")
    list_select_related = ("subscription", "bill", "run", "actor")
    list_filter = ("change", "reason", ("at", DateFilter))

    @display(description=_("access after"))
    def access(self, event: AccessEvent) -> SafeString:
        return formatting.access_label(event.is_on)
