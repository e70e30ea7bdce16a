"""Permissions of their own for what staff do with routers, sessions and credentials."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("billing", "0112_recent_figures")]

    operations = [
        migrations.AlterModelOptions(
            name="networkaccount",
            options={
                "default_permissions": (),
                "permissions": [
                    ("set_credentials", "Can give subscriptions new passwords, fixed addresses and routers")
                ],
            },
        ),
        migrations.AlterModelOptions(
            name="networkintent",
            options={
                "default_permissions": (),
                "permissions": [("apply_again", "Can bring a subscription to the routers once more")],
            },
        ),
        migrations.AlterModelOptions(
            name="onlinesession",
            options={
                "default_permissions": ("view",),
                "ordering": ["-id"],
                "permissions": [("disconnect_session", "Can disconnect open sessions")],
            },
        ),
        migrations.AlterModelOptions(
            name="router",
            options={
                "ordering": ["name"],
                "permissions": [
                    ("see_network_secrets", "Can see secrets of routers and passwords of subscriptions"),
                    ("test_router", "Can test the connection to a router"),
                ],
            },
        ),
    ]
