"""What can be imported: the fields of each kind, and what makes rows of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.conf import settings
from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import override

from billing.models import Customer, ImportedFile, Payment, Plan, Subscription
from billing.rules import cells
from billing.services import export_columns
from billing.services.imports import customers, payments, plans, subscriptions
from billing.services.imports.values import Field, Importer

Kind = ImportedFile.Kind
FIELDS: dict[str, Sequence[Field]] = {
    Kind.PAYMENTS: payments.FIELDS,
    Kind.CUSTOMERS: customers.FIELDS,
    Kind.PLANS: plans.FIELDS,
    Kind.SUBSCRIPTIONS: subscriptions.FIELDS,
}
DAYS = ("paid_on", "starts_on", "ends_on", "paid_until", "available_from", "available_until")
MODELS: dict[str, type[Model]] = {
    Kind.PAYMENTS: Payment,
    Kind.CUSTOMERS: Customer,
    Kind.PLANS: Plan,
    Kind.SUBSCRIPTIONS: Subscription,
}
_IMPORTERS: dict[str, type[Importer]] = {
    Kind.PAYMENTS: payments.Statement,
    Kind.CUSTOMERS: customers.Customers,
    Kind.PLANS: plans.Plans,
    Kind.SUBSCRIPTIONS: subscriptions.Subscriptions,
}


def kind_of(file: ImportedFile, *, now: datetime) -> Importer:
    """What works on the rows of ``file``."""
    return _IMPORTERS[file.kind](file.options, file=file, now=now, by=file.ordered_by or file.uploaded_by)


def permissions_of(file: ImportedFile) -> set[str]:
    """What bringing in the columns that were chosen needs besides the permission of the kind."""
    return {one.permission for one in FIELDS[file.kind] if one.permission and one.name in file.mapping}


def guessed(kind: str, head: Sequence[str], sealed: Collection[int]) -> dict[str, int]:
    """In which column each field probably stands: secrets in those that are ``sealed``, and nothing else there."""
    english, names = in_english(kind, head), names_of(kind)
    found: dict[str, int] = {}
    for is_secret in (False, True):
        columns = [name if (place in sealed) == is_secret else "" for place, name in enumerate(english)]
        fields = [one.name for one in FIELDS[kind] if one.is_secret == is_secret]
        found |= cells.guessed(columns, {name: names[name] for name in fields})
    return found


def names_of(kind: str) -> dict[str, Sequence[str]]:
    """By field the names that its column may have."""
    return {one.name: (one.name, one.label, *one.names) for one in FIELDS[kind]}


def in_english(kind: str, head: Sequence[str]) -> list[str]:
    """``head`` as it is in English, where it has names of our own forms and downloads in any language."""
    known = own_names(kind)
    return [known.get(cells.likeness(name), name) for name in head]


def own_names(kind: str) -> dict[str, str]:
    """By the likeness of what our forms and downloads call a column, in any language, what it is in English."""
    found: dict[str, str] = {}
    with override("en"):
        english = _own_names(kind)
    for language, _name in settings.LANGUAGES:
        with override(language):
            for name, meant in zip(_own_names(kind), english, strict=True):
                found.setdefault(cells.likeness(name), meant)
    return found


def _own_names(kind: str) -> list[str]:
    heads = [head for head, _field in export_columns.of(MODELS[kind]).values()]
    return [*(_(one.label) for one in FIELDS[kind]), *heads]
