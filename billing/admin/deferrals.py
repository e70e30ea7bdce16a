"""Promises, exclusions and reminders: who is not cut until when, and who was to be reminded (rules E11, S3)."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.admin.action_pages import action_of
from billing.admin.base import ReadOnlyAdmin
from billing.admin.deferral_actions import TakeBackExclusion, TakeBackPromise
from billing.admin.filters import DateFilter, DeferralStateFilter, StageFilter
from billing.admin.formatting import day, link, state_label
from billing.admin.search import SearchedByCustomer
from billing.models import Exclusion, Promise, Reminder
from billing.services import deferral_states
from billing.words import gettext_lazy


class DeferralAdmin(SearchedByCustomer, ReadOnlyAdmin):
    """What the lists of promises and exclusions have in common."""

    list_select_related: tuple[str, ...] = ("customer", "created_by")
    list_filter = (DeferralStateFilter, ("until", DateFilter))
    search_fields = ("customer__code",)
    search_help_text = gettext_lazy("The customer's code, name, phone or login")
    number_fields = ()

    @display(description=gettext_lazy("state"))
    def state(self, deferral: Promise | Exclusion) -> SafeString:
        return state_label(deferral_states.state(deferral, now=timezone.now()))

    @display(description=gettext_lazy("until"))
    def last_day(self, deferral: Promise | Exclusion) -> str:
        return day(deferral.until) if deferral.until else _("never cut")


@admin.register(Promise)
class PromiseAdmin(DeferralAdmin):
    list_display = ("customer", "last_day", "state", "why", "created_at", "created_by", "run")
    list_select_related = ("customer", "created_by", "run")
    fields = (
        ("customer", "state"),
        ("last_day", "why"),
        ("created_at", "created_by"),
        ("ended_at", "ended_by"),
        ("run", "subscription"),
    )
    readonly_fields = ("state", "last_day")
    take_back = action_of(TakeBackPromise)
    actions_detail = ("take_back",)


@admin.register(Exclusion)
class ExclusionAdmin(DeferralAdmin):
    list_display = ("customer", "last_day", "notices", "state", "why", "created_at", "created_by")
    fields = (
        ("customer", "state"),
        ("last_day", "notices"),
        "why",
        ("created_at", "created_by"),
        ("ended_at", "ended_by"),
    )
    readonly_fields = ("state", "last_day")
    take_back = action_of(TakeBackExclusion)
    actions_detail = ("take_back",)


@admin.register(Reminder)
class ReminderAdmin(SearchedByCustomer, ReadOnlyAdmin):
    list_display = ("recorded_at", "bill", "customer", "due", "days")
    list_select_related = ("bill__customer",)
    list_filter = (("recorded_at", DateFilter), StageFilter)
    search_fields = ("bill__number",)
    search_help_text = gettext_lazy("Bill number, or the customer's code, name, phone or login")
    number_fields = ("bill__number",)
    customer_field = "bill__customer"
    fields = (("bill", "customer"), ("due", "days"), "recorded_at")
    readonly_fields = ("customer", "due")

    @display(description=gettext_lazy("customer"))
    def customer(self, reminder: Reminder) -> str:
        return link(reminder.bill.customer)

    @display(description=gettext_lazy("due"))
    def due(self, reminder: Reminder) -> str:
        return day(reminder.bill.due_on)
