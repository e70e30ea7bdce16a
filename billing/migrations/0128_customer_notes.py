import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FACTS = """
CREATE TRIGGER customernote_is_a_fact BEFORE UPDATE OR DELETE ON billing_customernote
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0127_what_was_applied_lately"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CustomerNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("text", models.CharField(max_length=500)),
                ("written_at", models.DateTimeField(editable=False)),
                ("request_key", models.UUIDField(editable=False, null=True, unique=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="notes", to="billing.customer"
                    ),
                ),
                (
                    "written_by",
                    models.ForeignKey(
                        db_index=False,
                        editable=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "note",
                "ordering": ["-id"],
                "default_permissions": ("add", "view"),
            },
        ),
        migrations.RunSQL(FACTS, migrations.RunSQL.noop),
    ]
