"""Subscriptions: open one, see why it is on or off, disable, restore, bill."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin import display
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from billing.admin import explanation_panels, subscription_actions, subscription_facts
from billing.admin.access_labels import OPEN_BLOCKS, access_of
from billing.admin.action_pages import action_of
from billing.admin.base import AddedByService, asked_once, button
from billing.admin.cut_offs import ShowsCutOff
from billing.admin.discount_actions import GiveDiscount
from billing.admin.ending_actions import EndSubscription
from billing.admin.filters import AccessFilter
from billing.admin.hold_actions import HoldSubscription, ResumeSubscription
from billing.admin.network_actions import ApplyAgain, Disconnect, NewPassword, Place, ShowPassword
from billing.admin.new_passwords import generate_passwords
from billing.admin.panels import Panel
from billing.admin.plan_change_actions import ChangePlan
from billing.admin.renewal_actions import RenewSubscription
from billing.admin.search import SearchedByCustomer
from billing.models import Block, Subscription
from billing.services import clock, subscriptions
from billing.words import gettext_lazy as _

# “Resume”, the first day and a new subscription end these blocks; for the others “Restore” helps, or tells what does.
ENDED_BY_OTHERS = {Block.Reason.HOLD, Block.Reason.PENDING, Block.Reason.ENDED}


@admin.register(Subscription)
class SubscriptionAdmin(ShowsCutOff, SearchedByCustomer, AddedByService):
    list_display = ("login", "customer", "plan", "access", "cut_off", "starts_on", "ends_on")
    list_select_related = ("customer", "plan", "access_state")
    list_filter = (AccessFilter, "plan")
    sortable_by = ("login",)
    search_fields = ("login",)
    search_help_text = _("Login, or the customer's code, name or phone")
    number_fields = ("login",)
    autocomplete_fields = ("customer",)
    export_more = ((_("has access"), "access_state__is_on"),)
    add_fieldsets = ((None, {"fields": ("customer", "plan", "login", "starts_on", "ends_on")}),)
    fieldsets = (
        (_("Access"), {"fields": (("access", "cut_off"),)}),
        (_("Service"), {"fields": (("customer", "plan"), ("login", "created_at"), ("starts_on", "ends_on"))}),
        (_("Billing"), {"fields": (("billed_until", "next_bill"),)}),
    )
    readonly_fields = ("access", "cut_off", "billed_until", "next_bill", "created_at")
    actions = ["disable_selected", "restore_selected", "generate_passwords"]
    generate_passwords = generate_passwords
    change_plan = action_of(ChangePlan)
    hold = action_of(HoldSubscription)
    resume = action_of(ResumeSubscription)
    end = action_of(EndSubscription)
    renew = action_of(RenewSubscription)
    give_discount = action_of(GiveDiscount)
    disconnect = action_of(Disconnect)
    apply_again = action_of(ApplyAgain)
    new_password = action_of(NewPassword)
    show_password = action_of(ShowPassword)
    place = action_of(Place)
    actions_detail = (
        "renew",
        "issue_bill",
        "resume",
        "restore",
        {"title": _("Change"), "icon": "edit", "items": ["change_plan", "give_discount", "hold", "end", "disable"]},
        {
            "title": _("Network"),
            "icon": "router",
            "items": ["disconnect", "apply_again", "new_password", "show_password", "place"],
        },
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscription]:
        return super().get_queryset(request).select_related(*self.list_select_related).prefetch_related(OPEN_BLOCKS)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"starts_on": clock.local_date(timezone.now()), **super().get_changeform_initial_data(request)}

    def add_by_service(self, request: HttpRequest, data: dict[str, Any]) -> Subscription:
        return subscriptions.open_subscription(now=timezone.now(), **data)

    def panels(self, request: HttpRequest, row: Subscription) -> list[Panel]:
        return explanation_panels.panels(request, row)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_control_access_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("billing.change_subscription")

    def has_set_credentials_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("billing.set_credentials")

    def has_issue_bill_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("billing.add_bill")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        row = self.get_object(request, unquote(str(object_id)))
        offered = super().get_actions_detail(request, object_id)
        by_hand = {block.reason for block in row.open_blocks} - ENDED_BY_OTHERS if row else ()
        return [offer for offer in offered if by_hand or offer.path != "restore"]

    @button(_("Issue bill"), path="issue-bill", icon="receipt_long", permission="issue_bill", primary=True)
    def issue_bill(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.found(request, object_id)
        return subscription_actions.issue_bill(self, request, row) if row else self.missing(request, object_id)

    @button(_("Disable"), path="disable", icon="block", permission="control_access")
    def disable(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.found(request, object_id)
        return subscription_actions.disable(self, request, row) if row else self.missing(request, object_id)

    @button(_("Restore"), path="restore", icon="restart_alt", permission="control_access")
    def restore(self, request: HttpRequest, object_id: str) -> HttpResponse:
        row = self.found(request, object_id)
        return subscription_actions.restore(self, request, row) if row else self.missing(request, object_id)

    @admin.action(description=_("Disable (manual)"), permissions=["control_access"])
    def disable_selected(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        subscription_actions.disable_all(request, queryset)

    @admin.action(description=_("Restore (take back a manual disable)"), permissions=["control_access"])
    def restore_selected(self, request: HttpRequest, queryset: QuerySet[Subscription]) -> None:
        subscription_actions.restore_all(request, queryset)

    @display(description=_("access"))
    def access(self, subscription: Any) -> SafeString:
        return access_of(subscription)

    @display(description=_("cut-off for unpaid bills"))
    @asked_once
    def cut_off(self, subscription: Subscription) -> str:
        return self.cut_off_of(subscription, subscription.access_state.cut_off_at)

    @display(description=_("billed until"))
    def billed_until(self, subscription: Subscription) -> str:
        return subscription_facts.billed_until(subscription)

    @display(description=_("next bill"))
    @asked_once
    def next_bill(self, subscription: Subscription) -> str:
        return subscription_facts.next_bill(subscription)
