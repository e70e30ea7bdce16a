"""The columns of a table as a file: which there are, and what they are called in the language of the reader."""

from __future__ import annotations

from typing import Any

from django.db.models import Field, ForeignKey, Model

# What people call a row of another table.
NAMES = {
    "billing.customer": ("code", "name"),
    "billing.subscription": ("login",),
    "billing.plan": ("code",),
    "billing.area": ("name",),
    "billing.taxrate": ("name",),
    "billing.bill": ("number",),
    "billing.payment": ("number",),
    "billing.creditnote": ("number",),
    "auth.user": ("username",),
}
KEPT_SECRET = {"password", "request_key", "secret_sealed", "rest_password_sealed"}
TOLD_APART = ("code", "name", "login")  # parts whose name is added to that of the other table


def of(model: type[Model]) -> dict[str, tuple[str, Field | None]]:
    """By path the head of each column, and the field when it is one of ``model`` itself."""
    paths: dict[str, tuple[str, Field | None]] = {}
    for field in model._meta.concrete_fields:
        if field.name in KEPT_SECRET:
            continue
        if isinstance(field, ForeignKey):
            related: Any = field.remote_field.model._meta
            for part in NAMES.get(related.label_lower, ("pk",)):
                name = f" {related.get_field(part).verbose_name}" if part in TOLD_APART else ""
                paths[f"{field.name}__{part}"] = (f"{field.verbose_name}{name}", None)
        else:
            paths[field.name] = (str(field.verbose_name), field)
    return paths
