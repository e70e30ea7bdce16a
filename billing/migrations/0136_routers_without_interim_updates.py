"""A router whose sessions are never reported after their start is listed for staff (decision 48)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0135_sessions_that_routers_deny")]

    operations = [
        migrations.AlterField(
            model_name="networkfinding",
            name="kind",
            field=models.CharField(
                choices=[
                    ("unknown-login", "unknown login"),
                    ("local-entry", "entry on the router that bypasses RADIUS"),
                    ("wrong-state", "on or off against what is wanted"),
                    ("wrong-speed", "other speed or address than wanted"),
                    ("wrong-counter", "counter that cannot be"),
                    ("held", "too many disconnects"),
                    ("denied", "session that its router denies"),
                    ("no-updates", "router without interim updates"),
                    ("not-counted", "use that cannot be counted"),
                ],
                max_length=16,
            ),
        ),
    ]
