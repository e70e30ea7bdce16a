"""Subscriptions that the billing run has set aside, and the button that tries them again (rule B7)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.admin import formatting
from billing.admin.access import BySubscription
from billing.admin.filters import DateFilter
from billing.admin.subscription_actions import MOST_SHOWN
from billing.models import BillingState
from billing.services import billing_run, summary
from billing.services.wording import counted, of_the_books
from billing.words import gettext_lazy


@admin.register(BillingState)
class NeedsReviewAdmin(BySubscription):
    list_display = ("subscription", "service", "customer", "review", "review_since", "billed_until")
    list_select_related = ("subscription", "customer")
    list_filter = (("review_since", DateFilter),)
    list_disable_select_all = False
    ordering = ("pk",)
    fields = ("service", "customer", "review", "review_since", "billed_until", "bill_on")
    readonly_fields = ("service",)
    actions = ["try_again"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[BillingState]:
        return summary.needs_review(super().get_queryset(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"title": _("Needs review"), **(extra_context or {})})

    def has_try_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("billing.change_billingstate")

    @display(description=gettext_lazy("see"))
    def service(self, state: BillingState) -> str:
        return formatting.link(state.subscription, "subscription")

    @admin.action(description=gettext_lazy("Try again: bill what is due"), permissions=["try_again"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[BillingState]) -> None:
        logins = dict(queryset.values_list("pk", "subscription__login"))
        with of_the_books():  # why it is set aside again is kept
            run = billing_run.try_again(subscription_ids=list(logins), now=timezone.now(), by=request.user)
        if run.bills:
            issued = _("{counted} issued, {total} in all.").format(
                counted=counted(run.bills, "bill"), total=formatting.money(run.total)
            )
            messages.success(request, issued)
        for subscription_id, reason in list(run.set_aside.items())[:MOST_SHOWN]:
            messages.error(
                request,
                _("{logins} still cannot be billed. {reason}").format(logins=logins[subscription_id], reason=reason),
            )
        if len(run.set_aside) > MOST_SHOWN:
            messages.error(
                request, _("{set_aside} more still cannot be billed.").format(set_aside=len(run.set_aside) - MOST_SHOWN)
            )
        if run.locked:
            messages.warning(request, _("Somebody else works on some of these customers right now. Try again later."))
        elif not run.bills and not run.set_aside:
            messages.info(request, _("Nothing of them is due. The billing run looks at them again."))
