from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0124_one_order_of_locks")]

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
                    ("not-counted", "use that cannot be counted"),
                ],
                max_length=16,
            ),
        ),
    ]
