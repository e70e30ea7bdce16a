"""Sessions keep the interval of reports that they began with: the former one is remembered (decision 48)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0136_routers_without_interim_updates")]

    operations = [
        migrations.AddField(
            model_name="networkpolicy",
            name="former_interim_seconds",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(model_name="networkpolicy", name="interim_since", field=models.DateTimeField(null=True)),
    ]
