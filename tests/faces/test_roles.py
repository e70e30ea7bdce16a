"""The groups of our roles have what ``docs/roles.md`` says, and keep what an installation changes."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from billing.models import Role
from billing.rules.roles import ROLES
from tests.faces.roles import ADDED, DELETED, written
from tests.faces.test_every_action import ACTIONS


def permissions_in(group):
    found = group.permissions.values_list("content_type__app_label", "codename")
    return {f"{app}.{codename}" for app, codename in found}


@pytest.mark.parametrize("role", ROLES)
def test_a_role_has_the_permissions_of_the_table_and_no_other(role):
    assert permissions_in(Group.objects.get(role=role)) == written()[role]


def own_permissions():
    """What the tables and admins of ours can ask for: the actions, and what the lists let staff do."""
    for model in apps.get_models():
        yield from (f"{model._meta.app_label}.{codename}" for codename, _ in model._meta.permissions)
    for model in admin.site._registry:
        yield f"{model._meta.app_label}.view_{model._meta.model_name}"
    for kind, models in (("add", ADDED), ("delete", DELETED)):
        yield from (label.replace(".", f".{kind}_") for label in models)


def test_the_table_has_every_permission_that_opens_something_and_the_owner_has_them_all():
    table = written()
    assert set(own_permissions()) <= table["owner"]
    assert all(table[role] <= table["owner"] for role in ROLES)
    existing = Permission.objects.values_list("content_type__app_label", "codename")
    assert table["owner"] <= {f"{app}.{codename}" for app, codename in existing}


def test_the_auditor_sees_everything_and_changes_nothing():
    views = {name for name in written()["owner"] if ".view_" in name}
    assert written()["auditor"] == views | {"billing.export_lists"}


def test_every_action_is_a_permission_of_somebody_beside_the_views():
    needed = {permission for _, _, permission, _ in ACTIONS}
    assert needed <= {name.split(".")[1] for name in written()["owner"]}


def migrate():
    """What every deployment does last: make the permissions that are missing, and tell the receivers."""
    call_command("migrate", verbosity=0)


def test_what_an_installation_changed_stays_when_it_is_migrated_again():
    cashiers, extra = Group.objects.get(role="cashier"), Permission.objects.get(codename="refund_payment")
    taken = Permission.objects.get(codename="add_payment")
    cashiers.permissions.remove(taken)
    cashiers.permissions.add(extra)
    Group.objects.filter(role="support").delete()
    Group.objects.filter(role="billing").update(name="Accounts")
    before = permissions_in(cashiers)
    migrate()
    assert permissions_in(cashiers) == before
    assert not Role.objects.filter(key="support").exists()
    assert not Group.objects.filter(name="support").exists()
    assert Role.objects.get(key="billing").group.name == "Accounts"


def test_a_permission_that_comes_later_is_given_then():
    cashiers = Group.objects.get(role="cashier")
    complete = permissions_in(cashiers)
    Permission.objects.filter(codename="add_payment").delete()
    for role in Role.objects.all():
        role.granted = [name for name in role.granted if name != "billing.add_payment"]
        role.save()
    assert permissions_in(cashiers) == complete - {"billing.add_payment"}
    migrate()
    assert permissions_in(cashiers) == complete
    assert "billing.add_payment" not in permissions_in(Group.objects.get(role="auditor"))


def test_groups_without_permissions_are_filled_as_after_the_first_migration():
    for group in Group.objects.all():
        group.permissions.clear()
    Role.objects.update(granted=[])
    migrate()
    assert {role: permissions_in(Group.objects.get(role=role)) for role in ROLES} == written()
