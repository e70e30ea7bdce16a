import django.contrib.postgres.indexes
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0051_what_events_name"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AuditEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("added", "Added"),
                            ("changed", "Changed"),
                            ("removed", "Removed"),
                            ("action", "Action"),
                        ],
                        max_length=7,
                    ),
                ),
                (
                    "door",
                    models.CharField(
                        choices=[
                            ("page", "Page"),
                            ("job", "Job"),
                            ("command", "Command"),
                            ("database", "database, past the application"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "place",
                    models.CharField(
                        help_text="The page, the job, the command or the database's user.", max_length=200
                    ),
                ),
                ("address", models.GenericIPAddressField(null=True)),
                ("object_type", models.CharField(help_text="Such as billing.customer.", max_length=60)),
                ("object_id", models.CharField(blank=True, max_length=60)),
                ("object_name", models.CharField(blank=True, max_length=200)),
                (
                    "said",
                    models.CharField(blank=True, help_text="What an action did, as staff were told.", max_length=500),
                ),
                ("before", models.JSONField(null=True)),
                ("after", models.JSONField(null=True)),
                (
                    "actor",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "audit entries",
                "ordering": ["-at", "-id"],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["at", "id"], name="auditentry_by_time"),
                    models.Index(fields=["object_type", "object_id", "at", "id"], name="auditentry_of_object"),
                    models.Index(fields=["object_type", "at", "id"], name="auditentry_by_type"),
                    models.Index(fields=["actor", "at", "id"], name="auditentry_by_actor"),
                    models.Index(fields=["kind", "at", "id"], name="auditentry_by_kind"),
                    models.Index(fields=["address", "at", "id"], name="auditentry_by_address"),
                    models.Index(
                        django.contrib.postgres.indexes.OpClass(
                            django.db.models.functions.text.Lower("object_name"), name="text_pattern_ops"
                        ),
                        name="auditentry_by_name",
                    ),
                ],
            },
        ),
    ]
