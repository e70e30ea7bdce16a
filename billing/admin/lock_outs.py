"""Who failed to sign in, who is locked, and the unlocking; who signed in, from where."""

from __future__ import annotations

from typing import Any

from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin import display
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from billing.admin.base import ReadOnlyAdmin
from billing.admin.formatting import label
from billing.services.wording import counted
from billing.words import gettext_lazy

TOO_MANY_REQUESTS = 429


def locked_out(request: HttpRequest, response: HttpResponse | None, credentials: Any) -> HttpResponse:
    """The page after too many wrong passwords: what happened, and what to do."""
    wait = counted(settings.SIGN_IN_LOCK_MINUTES, "minute")
    told = (
        _("There were too many wrong passwords for this name from this address, or from this address at all."),
        _("Wait {wait}, then try again: the right password works then.").format(wait=wait),
        _("If it is urgent, ask an owner to unlock you: in the admin under Staff – Failed sign-ins."),
    )
    context = {**admin.site.each_context(request), "title": _("Locked for a while"), "told": told}
    return render(request, "billing/locked_out.html", context, status=TOO_MANY_REQUESTS)


class SignInAdmin(ReadOnlyAdmin):
    search_fields = ("username", "ip_address")
    date_hierarchy = None
    ordering = ("-id",)


@admin.register(AccessAttempt)
class FailedSignInAdmin(SignInAdmin):
    """Names and addresses with wrong passwords; “Unlock” forgets them."""

    list_display = ("username", "ip_address", "failures_since_start", "state", "attempt_time")
    fields = ("username", "ip_address", "failures_since_start", "attempt_time", "user_agent")
    actions = ["unlock"]

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("axes.delete_accessattempt")

    @admin.action(description=gettext_lazy("Unlock"), permissions=["unlock"])
    def unlock(self, request: HttpRequest, queryset: QuerySet[AccessAttempt]) -> None:
        """Forget the failures, and write down who did so."""
        rows = list(queryset)
        self.log_deletions(request, queryset)
        queryset.delete()
        messages.success(
            request,
            _("Unlocked: {value}.").format(
                value=", ".join(
                    _("{name} at {address}").format(name=row.username, address=row.ip_address) for row in rows
                )
            ),
        )

    @display(description=gettext_lazy("state"))
    def state(self, attempt: AccessAttempt) -> str:
        is_locked = attempt.failures_since_start >= settings.SIGN_IN_FAILURES
        return label(_("locked"), "danger") if is_locked else label(_("counted"))


@admin.register(AccessLog)
class SignInLogAdmin(SignInAdmin):
    """Who signed in, when and from where."""

    list_display = ("username", "ip_address", "attempt_time", "logout_time")
    fields = ("username", "ip_address", "attempt_time", "logout_time", "user_agent")
