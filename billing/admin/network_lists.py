"""What the network reported: sessions, logins and what differs from what billing wants. To be looked at only."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.admin import SimpleListFilter, display
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.admin.access import BySubscription
from billing.admin.base import ReadOnlyAdmin
from billing.admin.formatting import NONE, label, link
from billing.admin.session_cells import size_cell
from billing.models import LoginAttempt, NetworkFinding, OnlineSession, SessionRecord
from billing.models.network_sessions import Session
from billing.services import areas
from billing.services.network import codes
from billing.words import gettext_lazy


class Sessions(BySubscription):
    list_select_related = ("subscription", "router")
    list_filter = ("router",)
    ordering = ("-id",)
    exclude = ("unique_id", "policy_class")

    @display(description=gettext_lazy("login"))
    def who(self, session: Session) -> str:
        return (
            link(session.subscription, session.login)
            if session.subscription
            else _("{login} (unknown)").format(login=session.login)
        )

    @display(description=gettext_lazy("address"))
    def place(self, session: Session) -> str:
        return session.framed_address or NONE

    @display(description=gettext_lazy("down"))
    def down(self, session: Session) -> SafeString:
        return size_cell(session.download_bytes)

    @display(description=gettext_lazy("up"))
    def up(self, session: Session) -> SafeString:
        return size_cell(session.upload_bytes)


@admin.register(OnlineSession)
class OnlineSessionAdmin(Sessions):
    list_display = ("id", "who", "router", "place", "started_at", "updated_at", "down", "up", "calling_station")


@admin.register(SessionRecord)
class SessionRecordAdmin(Sessions):
    list_display = ("id", "who", "router", "place", "started_at", "stopped_at", "cause", "down", "up")


class ResolvedFilter(SimpleListFilter):
    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        return [("open", _("open")), ("resolved", _("resolved"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[NetworkFinding]) -> QuerySet[NetworkFinding]:
        states: dict[str | None, bool] = {"open": True, "resolved": False}
        return queryset.filter(resolved_at__isnull=states[value]) if (value := self.value()) in states else queryset


@admin.register(NetworkFinding)
class NetworkFindingAdmin(ReadOnlyAdmin):
    list_display = ("what", "login", "router", "detail", "first_seen_at", "last_seen_at", "state")
    list_select_related = ("router",)
    list_filter = (ResolvedFilter, "kind", "router")
    search_fields = ("login",)
    search_help_text = gettext_lazy("Login")
    ordering = ("-id",)

    @display(description=gettext_lazy("what"))
    def what(self, finding: NetworkFinding) -> str:
        return finding.get_kind_display()

    @display(description=gettext_lazy("state"))
    def state(self, finding: NetworkFinding) -> SafeString:
        return label(_("resolved"), "success") if finding.resolved_at else label(_("open"), "warning")


@admin.register(LoginAttempt)
class LoginAttemptAdmin(ReadOnlyAdmin):
    """Logins as they were typed, and unknown ones by the router."""

    list_display = ("login", "outcome", "count", "why", "first_at", "last_at", "router_address", "calling_station")
    list_filter = ("result",)
    search_fields = ("login__startswith",)
    search_help_text = gettext_lazy("The beginning of a login; “?” and a router's address for unknown ones")
    sortable_by = ("login",)
    ordering = ("login",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[LoginAttempt]:
        return areas.seen_attempts(request.user, super().get_queryset(request))

    @display(description=gettext_lazy("reason"))
    def why(self, attempt: LoginAttempt) -> str:
        return codes.in_words(attempt.reason) or NONE

    @display(description=gettext_lazy("result"))
    def outcome(self, attempt: LoginAttempt) -> SafeString:
        return label(
            attempt.get_result_display(), "success" if attempt.result == LoginAttempt.Result.ACCEPTED else "danger"
        )
