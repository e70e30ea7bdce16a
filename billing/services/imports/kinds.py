"""What can be imported: the fields of each kind, and what makes rows of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from billing.models import ImportedFile
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


_IMPORTERS: dict[str, type[Importer]] = {
    Kind.PAYMENTS: payments.Statement,
    Kind.CUSTOMERS: customers.Customers,
    Kind.PLANS: plans.Plans,
    Kind.SUBSCRIPTIONS: subscriptions.Subscriptions,
}


def kind_of(file: ImportedFile, *, now: datetime) -> Importer:
    """What works on the rows of ``file``."""
    return _IMPORTERS[file.kind](file.options, file=file, now=now, by=file.ordered_by or file.uploaded_by)


def names_of(kind: str) -> dict[str, Sequence[str]]:
    """By field the names that its column may have."""
    return {one.name: (one.name, one.label, *one.names) for one in FIELDS[kind]}
