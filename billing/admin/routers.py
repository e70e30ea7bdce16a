"""Routers: how each does, what is set up, what waits for it and what is wrong on it."""

from __future__ import annotations

from typing import Any, ClassVar, cast

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget, UnfoldAdminURLInputWidget

from billing.admin.action_pages import action_of
from billing.admin.formatting import NONE, instant, label, link, list_of
from billing.admin.panels import Panel, columns
from billing.admin.protection import DeletedUnlessUsed
from billing.admin.router_actions import NewSecret, RouterScript, ShowSecrets, TestConnection
from billing.admin.session_cells import SESSION_COLUMNS, session_row
from billing.models import NetworkFinding, NetworkIntent, OnlineSession, Router, RouterState, Subscription
from billing.rules.errors import Refused
from billing.services import areas
from billing.services.network import codes, routers
from billing.words import gettext_lazy

SHOWN = 20
INTENT_COLUMNS = columns("Subscription", "Wanted since", "Why", "Tried", "Failing since", "Error")
FINDING_COLUMNS = columns("What", "Login", "Detail", "Since", "Last seen")


class SecretField(forms.CharField):
    """A secret that is entered; it is not shown again."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminPasswordWidget({"autocomplete": "new-password"})
        super().__init__(**{"required": False, "max_length": 128, "widget": widget, **kwargs})


class RouterForm(forms.ModelForm):
    secret = SecretField(
        label=gettext_lazy("RADIUS secret"),
        help_text=gettext_lazy(
            "Empty: it stays as it is, and a new router gets one. “Show secrets” shows it to who may."
        ),
    )
    rest_url = forms.URLField(
        label=gettext_lazy("Address of REST"),
        required=False,
        assume_scheme="https",
        widget=UnfoldAdminURLInputWidget,
        help_text=gettext_lazy("Such as https://192.0.2.1/rest."),
    )
    certificate_sha256 = forms.CharField(
        label=gettext_lazy("Fingerprint of its certificate"),
        required=False,
        max_length=95,  # with colons between the bytes
        widget=UnfoldAdminTextInputWidget,
        help_text=gettext_lazy("SHA-256: 64 hexadecimal digits, with or without colons."),
    )
    rest_password = SecretField(
        label=gettext_lazy("REST password"), help_text=gettext_lazy("Empty: it stays as it is.")
    )

    class Meta:
        model = Router
        exclude = ("secret_sealed", "rest_password_sealed")  # noqa: DJ006  (the admin's fieldsets name them)
        labels: ClassVar = {
            "supports_coa": gettext_lazy("Supports CoA"),
            "echoes_class": gettext_lazy("Echoes Class"),
            "requires_message_authenticator": gettext_lazy("Requires Message-Authenticator"),
            "rest_user": gettext_lazy("REST user"),
        }

    def clean_certificate_sha256(self) -> str:
        return str(self.cleaned_data["certificate_sha256"]).replace(":", "").lower()

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        kind, secret, password = (data.get(name) or "" for name in ("kind", "secret", "rest_password"))
        # Entered for one address it goes to no other: who may not see it could have it sent to a machine of theirs.
        has_password = bool(password or (self.instance.rest_password_sealed and "rest_url" not in self.changed_data))
        for name, text in routers.missing(kind=kind, values=data, has_password=has_password).items():
            if name not in self.errors:
                self.add_error(name, text)
        try:
            self.sealed = routers.sealed(kind=kind, router=self.instance, secret=secret, rest_password=password)
        except Refused as refused:
            raise ValidationError(str(refused)) from refused
        return data


@admin.register(Router)
class RouterAdmin(DeletedUnlessUsed):
    form = RouterForm
    list_display = (
        "name",
        "kind",
        "address",
        "condition",
        "sessions",
        "backlog",
        "last_contact",
        "failing_since",
        "area",
    )
    list_select_related = ("area", "state")
    list_filter = ("is_active", "kind", "area")
    sortable_by = ("name",)
    search_fields = ("name",)
    instead = gettext_lazy("Take away “is active” instead.")
    fieldsets = (
        (None, {"fields": ("name", "kind", "address", "area", "is_active")}),
        (
            "RADIUS",
            {"fields": ("secret", "coa_port", "supports_coa", "echoes_class", "requires_message_authenticator")},
        ),
        ("RouterOS REST", {"fields": ("rest_url", "rest_user", "rest_password", "certificate_sha256")}),
        (gettext_lazy("Pace"), {"fields": ("window",)}),
    )
    test_connection = action_of(TestConnection)
    show_secrets = action_of(ShowSecrets)
    new_secret = action_of(NewSecret)
    router_script = action_of(RouterScript)
    actions_detail = (
        "test_connection",
        "router_script",
        {"title": gettext_lazy("Secrets"), "icon": "key", "items": ["show_secrets", "new_secret"]},
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Router]:
        return routers.with_figures(super().get_queryset(request))

    def get_fieldsets(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """What is entered only is not there for those who may only look."""
        if obj is None or self.has_change_permission(request, obj):
            return self.fieldsets
        entered = {"secret", "rest_password"}
        return [
            (title, {"fields": tuple(name for name in cast("Any", options["fields"]) if name not in entered)})
            for title, options in self.fieldsets
        ]

    def save_model(self, request: HttpRequest, obj: Router, form: Any, change: bool) -> None:
        routers.save(obj, form.sealed)

    def users_of(self, row: Router) -> str:
        return routers.why_kept(row)

    def panels(self, request: HttpRequest, row: Router) -> list[Panel]:
        parts = (
            ("billing.view_onlinesession", _sessions),
            ("billing.view_subscription", _waiting),
            ("billing.view_networkfinding", _findings),
        )
        user: Any = request.user
        return [_state(row), *(make(user, row) for permission, make in parts if user.has_perm(permission))]

    @display(description=gettext_lazy("state"))
    def condition(self, router: Router) -> SafeString:
        if not router.is_active:
            return label(_("not active"))
        found = _state_of(router)
        if found is None or (found.last_contact_at is None and not found.failing_since):
            return label(_("not heard of yet"), "info")
        return label(_("failing"), "danger") if found.failing_since else label(_("well"), "success")

    @display(description=gettext_lazy("sessions"))
    def sessions(self, router: Any) -> str:
        return f"{router.session_count:,}"

    @display(description=gettext_lazy("waiting"))
    def backlog(self, router: Any) -> str:
        return f"{router.backlog_count:,}"

    @display(description=gettext_lazy("last contact"))
    def last_contact(self, router: Router) -> str:
        return instant(found.last_contact_at) if (found := _state_of(router)) else NONE

    @display(description=gettext_lazy("failing since"))
    def failing_since(self, router: Router) -> str:
        return instant(found.failing_since) if (found := _state_of(router)) else NONE


def _state_of(router: Router) -> RouterState | None:
    return cast("RouterState | None", getattr(router, "state", None))


def _state(router: Router) -> Panel:
    found = _state_of(router)
    if found is None:
        return Panel(_("Contact"), (), empty=_("Nothing was heard of it and nothing sent to it yet."))
    row = (instant(found.last_contact_at), instant(found.failing_since), found.failures, found.last_error or NONE)
    heads = columns("Last contact", "Failing since", "Failures on end", "Last error")
    return Panel(_("Contact"), heads, [row])


def _sessions(user: Any, router: Router) -> Panel:
    found = areas.seen(user, OnlineSession.objects.filter(router=router)).select_related("subscription")
    rows = [session_row(session) for session in found.order_by("-pk")[:SHOWN]]
    more = list_of(OnlineSession, f"?router__id__exact={router.pk}")
    return Panel(_("Open sessions"), SESSION_COLUMNS, rows, empty=_("No session is open."), more=more)


def _waiting(user: Any, router: Router) -> Panel:
    found, seen = (
        routers.waiting_for(router).select_related("subscription"),
        areas.seen(user, Subscription.objects.all()),
    )
    rows = [_intent(intent) for intent in found.filter(subscription__in=seen)[:SHOWN]]
    return Panel(_("Waiting changes"), INTENT_COLUMNS, rows, empty=_("Nothing waits for it."))


def _intent(intent: NetworkIntent) -> tuple[object, ...]:
    error = intent.held or intent.last_error or NONE
    return (
        link(intent.subscription),
        instant(intent.requested_at),
        codes.in_words(intent.reason),
        intent.attempts,
        instant(intent.failing_since),
        error,
    )


def _findings(user: Any, router: Router) -> Panel:
    found = areas.seen(user, NetworkFinding.objects.filter(router=router, resolved_at=None))
    rows = [_finding(one) for one in found.order_by("-pk")[:SHOWN]]
    more = list_of(NetworkFinding, f"?router__id__exact={router.pk}")
    return Panel(_("Findings"), FINDING_COLUMNS, rows, empty=_("Nothing differs."), more=more)


def _finding(one: NetworkFinding) -> tuple[object, ...]:
    what, login = link(one, one.get_kind_display()), one.login or NONE
    return (what, login, one.detail, instant(one.first_seen_at), instant(one.last_seen_at))
