"""What is agreed about subscriptions beside their plan: scheduled changes, discounts, holds, unbilled days."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import display
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from billing.admin.access import BySubscription
from billing.admin.action_pages import action_of
from billing.admin.change_actions import TakeBackChange, TryChangeAgain
from billing.admin.discount_actions import EndDiscount
from billing.admin.filters import DateFilter
from billing.admin.formatting import day, instant, state_label
from billing.admin.subscription_facts import ONE_DAY, days, taken_off
from billing.models import Discount, Hold, ScheduledChange, UnbilledDays
from billing.words import gettext_lazy as _


@admin.register(ScheduledChange)
class ScheduledChangeAdmin(BySubscription):
    list_display = ("due_on", "subscription", "kind_text", "plan", "state", "error", "created_by")
    list_select_related = ("subscription", "plan", "created_by")
    list_filter = ("status", "kind", ("due_on", DateFilter))
    ordering = ("-due_on", "-id")
    fields = (
        ("subscription", "kind_text"),
        ("due_on", "state"),
        ("plan", "hold"),
        "error",
        ("created_at", "created_by"),
        "closed_at",
    )
    readonly_fields = ("kind_text", "state")
    take_back = action_of(TakeBackChange)
    try_again = action_of(TryChangeAgain)
    actions_detail = ("try_again", "take_back")

    @display(description=_("change"))
    def kind_text(self, change: ScheduledChange) -> str:
        return capfirst(change.get_kind_display())

    @display(description=_("status"))
    def state(self, change: ScheduledChange) -> SafeString:
        return state_label(change.status)


@admin.register(Discount)
class DiscountAdmin(BySubscription):
    list_display = ("description", "subscription", "off", "starts_on", "ends_on", "created_by")
    list_select_related = ("subscription", "created_by")
    list_filter = (("starts_on", DateFilter), ("ends_on", DateFilter))
    ordering = ("-id",)
    fields = (("description", "subscription"), ("off",), ("starts_on", "ends_on"), ("created_at", "created_by"))
    readonly_fields = ("off",)
    end = action_of(EndDiscount)
    actions_detail = ("end",)

    @display(description=_("off the price"))
    def off(self, discount: Discount) -> str:
        return taken_off(discount)


@admin.register(Hold)
class HoldAdmin(BySubscription):
    list_display = ("subscription", "days_text", "note", "ended", "created_by")
    list_select_related = ("subscription", "created_by")
    list_filter = (("settled_at", admin.EmptyFieldListFilter), ("created_at", DateFilter))
    fields = ("subscription", "days_text", "note", ("created_at", "created_by"), "ended")
    readonly_fields = ("days_text", "ended")

    @display(description=_("days"))
    def days_text(self, hold: Hold) -> str:
        return days(hold.days)

    @display(description=_("ended"))
    def ended(self, hold: Hold) -> str:
        return instant(hold.settled_at)


@admin.register(UnbilledDays)
class UnbilledDaysAdmin(BySubscription):
    list_display = ("subscription", "first_day", "last_day", "reason", "recorded_at")
    list_select_related = ("subscription",)
    list_filter = ("reason", ("recorded_at", DateFilter))
    ordering = ("-id",)
    fields = ("subscription", ("first_day", "last_day"), "reason", "recorded_at")
    readonly_fields = ("last_day",)

    @display(description=_("last day"))
    def last_day(self, found: UnbilledDays) -> str:
        return day(found.end_day - ONE_DAY)
