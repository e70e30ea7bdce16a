"""A speed of 0 would be no limit to a router: a plan has one of at least 1 kbit/s, or none."""

import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0129_noting_sign_ins"),
    ]

    operations = [
        migrations.AlterField(
            model_name="plan",
            name="download_kbps",
            field=models.PositiveIntegerField(
                blank=True,
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="download (kbit/s)",
            ),
        ),
        migrations.AlterField(
            model_name="plan",
            name="upload_kbps",
            field=models.PositiveIntegerField(
                blank=True,
                null=True,
                validators=[django.core.validators.MinValueValidator(1)],
                verbose_name="upload (kbit/s)",
            ),
        ),
    ]
