"""The audit: who changed or did what, when, from where, and how it was before and after. To be looked at only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from ipaddress import ip_address
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin import ModelAdmin, SimpleListFilter, display
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Field, ForeignKey, Model, Q, QuerySet
from django.db.models.functions import Lower
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.text import Truncator, capfirst
from django.utils.translation import gettext as _

from billing.admin.base import ReadOnlyAdmin
from billing.admin.formatting import NONE, label, link
from billing.admin.panels import Panel, columns
from billing.models import AuditEntry
from billing.rules.periods import start_of_day
from billing.services import areas, clock
from billing.words import gettext_lazy

TYPES = (
    "billing.customer", "billing.subscription", "billing.plan", "billing.taxrate", "billing.area", "billing.discount",
    "billing.hold", "billing.scheduledchange", "billing.promise", "billing.exclusion", "billing.holiday",
    "billing.bill", "billing.payment", "billing.reversal", "billing.creditnote", "billing.item", "billing.sweeprun",
    "billing.cashshift",
    "billing.numberseries", "billing.unmatchedpayment", "billing.importedfile",
    "auth.user", "auth.group", "otp_totp.totpdevice", "utils.jobrequest",
)  # fmt: skip
COLOURS = {"added": "success", "changed": "info", "removed": "danger", "action": "warning"}
HEADS = columns("Field", "Before", "After")
SHORT = 100  # letters of a change in the list


class TypeFilter(SimpleListFilter):
    title = gettext_lazy("object")
    parameter_name = "object_type"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        return [(name, capfirst(_type_name(name))) for name in TYPES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(object_type=self.value()) if self.value() else queryset


class ActorFilter(SimpleListFilter):
    title = gettext_lazy("person")
    parameter_name = "actor"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin) -> Iterable[tuple[str, str]]:
        staff = get_user_model().objects.filter(is_staff=True).order_by("username")
        return [("none", _("nobody: a job or a command")), *((str(user.pk), user.get_username()) for user in staff)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        value = self.value() or ""
        if value == "none":
            return queryset.filter(actor=None)
        return queryset.filter(actor=int(value)) if value.isdecimal() else queryset


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin):
    list_display = ("moment", "who", "what", "kind_label", "change", "door", "address")
    list_select_related = ("actor",)
    list_filter = ("kind", TypeFilter, ActorFilter)
    search_fields = ("object_name",)
    search_help_text = gettext_lazy(
        "The beginning of a name, code or login; a day such as 2026-12-24; who did it; an address"
    )
    fields = (("moment", "kind"), ("who", "address"), ("door", "place"), ("what", "object_type"), "said")
    readonly_fields = ("moment", "who", "what")

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEntry]:
        """Nothing for who is limited to areas: it tells of all of them."""
        entries = super().get_queryset(request)
        return entries.none() if areas.of(request.user) else entries

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], text: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        name = []
        for word in text.split():
            found = _meant(word)
            if found is None:
                name.append(word)
            else:
                queryset = queryset.filter(found)
        if name:
            queryset = queryset.alias(lower=Lower("object_name")).filter(lower__startswith=" ".join(name).lower())
        return queryset, False

    def panels(self, request: HttpRequest, row: AuditEntry) -> list[Panel]:
        before, after = row.before or {}, row.after or {}
        names = sorted({*before, *after})
        rows = [(_field_name(name), _shown(row, name, before), _shown(row, name, after)) for name in names]
        return [Panel(_("Before and after"), HEADS, rows, empty=_("The words above say it all."))]

    @display(description=gettext_lazy("at"), ordering="at")
    def moment(self, entry: AuditEntry) -> str:
        """To the second, which tells what came first."""
        return f"{entry.at.astimezone(clock.zone()):%Y-%m-%d %H:%M:%S}"

    @display(description=gettext_lazy("who"), ordering="actor")
    def who(self, entry: AuditEntry) -> str:
        return str(entry.actor) if entry.actor else NONE

    @display(description=gettext_lazy("what"))
    def what(self, entry: AuditEntry) -> str:
        kind = capfirst(_type_name(entry.object_type))
        return format_html("{} {}", kind, _link_to(entry))

    @display(description=gettext_lazy("kind"), ordering="kind")
    def kind_label(self, entry: AuditEntry) -> str:
        return label(entry.get_kind_display(), COLOURS[entry.kind])

    @display(description=gettext_lazy("change"))
    def change(self, entry: AuditEntry) -> str:
        if entry.said or entry.kind != AuditEntry.Kind.CHANGED:
            return Truncator(entry.said).chars(SHORT)
        names = sorted({*(entry.before or {}), *(entry.after or {})})
        parts = (f"{_field_name(name)}: {_plain(entry.before, name)} → {_plain(entry.after, name)}" for name in names)
        return Truncator("; ".join(parts)).chars(SHORT)


def _meant(word: str) -> Q | None:
    """What a word of a search asks for, when it is a day, an address or a member of staff."""
    try:
        day = date.fromisoformat(word)
    except ValueError:
        return _address(word) or _person(word)
    start = start_of_day(day, clock.zone())
    return Q(at__gte=start, at__lt=start_of_day(day + timedelta(days=1), clock.zone()))


def _address(word: str) -> Q | None:
    try:
        return Q(address=str(ip_address(word)))
    except ValueError:
        return None


def _person(word: str) -> Q | None:
    user = get_user_model().objects.filter(username=word, is_staff=True).first()
    return Q(actor=user) | Q(object_type="auth.user", object_id=str(user.pk)) if user else None


def _model(object_type: str) -> type[Model] | None:
    try:
        return apps.get_model(object_type)
    except (LookupError, ValueError):
        return None


def _type_name(object_type: str) -> str:
    model = _model(object_type)
    return str(model._meta.verbose_name) if model else object_type


def _link_to(entry: AuditEntry) -> str:
    name, model = entry.object_name or entry.object_id, _model(entry.object_type)
    return link(model(pk=entry.object_id), name) if model and entry.object_id else name


def _field_name(name: str) -> str:
    return name.removesuffix("_id").replace("_", " ")


def _plain(values: Any, name: str) -> str:
    value = (values or {}).get(name)
    if value is None or value == "":
        return NONE
    if isinstance(value, dict):
        return "; ".join(f"{key}: {part}" for key, part in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _shown(entry: AuditEntry, name: str, values: dict[str, Any]) -> str:
    """A value as people read it: of a foreign key the row that it names."""
    field, value = _field(entry, name), values.get(name)
    if isinstance(field, ForeignKey) and value is not None:
        related: Any = field.related_model
        row = related._base_manager.filter(pk=value).first()
        return link(row, f"{row} ({value})") if row else str(value)
    return _plain(values, name)


def _field(entry: AuditEntry, name: str) -> Field | None:
    model = _model(entry.object_type)
    try:
        found = model._meta.get_field(name.removesuffix("_id")) if model else None
    except FieldDoesNotExist:
        return None
    return found if isinstance(found, Field) else None
