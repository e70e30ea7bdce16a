"""Every change of a plan's price says who made it and when."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0014_staff_permissions"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="pricebefore",
            options={"ordering": ["plan", "day", "id"], "verbose_name": "earlier price"},
        ),
        migrations.RemoveConstraint(
            model_name="pricebefore",
            name="pricebefore_once_a_day",
        ),
        migrations.AddField(
            model_name="pricebefore",
            name="changed_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="pricebefore",
            name="changed_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
    ]
