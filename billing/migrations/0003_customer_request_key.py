from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0002_database_guards"),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="request_key",
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
    ]
