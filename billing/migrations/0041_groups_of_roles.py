"""The groups of our roles, still without permissions: Django makes those after the migrations."""

from django.db import migrations

ROLES = ("cashier", "support", "billing", "manager", "owner", "auditor", "technician")


def make(apps, schema_editor):
    """A group that has the name already is somebody's own and stays as it is."""
    for key in ROLES:
        group, is_new = apps.get_model("auth", "Group").objects.get_or_create(name=key)
        if is_new:
            apps.get_model("billing", "Role").objects.create(key=key, group=group)


def unmake(apps, schema_editor):
    apps.get_model("auth", "Group").objects.filter(role__isnull=False).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("billing", "0040_role"),
    ]

    operations = [migrations.RunPython(make, unmake)]
