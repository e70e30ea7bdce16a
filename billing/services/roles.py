"""Give the groups of our roles their permissions: each once, so that what an installation changes stays as it is.

Django makes permissions after all migrations ran, so the migration makes empty groups, and they are filled here.
A permission that a later version brings is given in the same way when it is there for the first time.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps as current_apps

from billing.rules.roles import permissions_of


def grant_new_permissions(sender: Any, using: str, apps: Any = current_apps, **kwargs: Any) -> None:
    """The receiver of ``post_migrate``; ``apps`` are the models of the state that was migrated to."""
    try:
        roles = list(apps.get_model("billing", "Role").objects.using(using))
    except LookupError:  # migrated to a state before there were roles
        return
    missing = {role: permissions_of(role.key) - set(role.granted) for role in roles}
    if not any(missing.values()):
        return
    found = _permissions(apps, using, set().union(*missing.values()))
    for role, names in missing.items():
        given = {name: found[name] for name in names if name in found}
        role.group.permissions.add(*given.values())
        role.granted = sorted({*role.granted, *given})
        role.save(using=using, update_fields=["granted"])


def _permissions(apps: Any, using: str, names: set[str]) -> dict[str, Any]:
    """The permissions called ``names`` that exist already, by their names."""
    rows = apps.get_model("auth", "Permission").objects.using(using).select_related("content_type")
    rows = rows.filter(codename__in=[name.split(".")[1] for name in names])
    found = {f"{row.content_type.app_label}.{row.codename}": row for row in rows}
    return {name: row for name, row in found.items() if name in names}
