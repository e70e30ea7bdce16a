"""Permissions of the staff's actions that keep unpaid bills from cutting."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0017_enforcement"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="promise",
            options={
                "ordering": ["-id"],
                "permissions": [("give_promise", "Can note a promise to pay and take it back")],
            },
        ),
        migrations.AlterModelOptions(
            name="exclusion",
            options={
                "ordering": ["-id"],
                "permissions": [("exclude_customer", "Can exclude a customer from cuts and take it back")],
            },
        ),
    ]
