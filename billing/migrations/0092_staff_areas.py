import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

# As the memberships in 0091: an area that somebody gets or loses is a change of the user.
ARGUMENTS = "'auth.user', 'auth_user', 'user_id', 'username', 'billing_area', 'area_id', 'name', 'areas'"
AUDIT = f"""
CREATE TRIGGER audited_added AFTER INSERT ON billing_staffarea REFERENCING NEW TABLE AS linked
    FOR EACH STATEMENT EXECUTE FUNCTION billing_audit_links({ARGUMENTS});
CREATE TRIGGER audited_removed AFTER DELETE ON billing_staffarea REFERENCING OLD TABLE AS linked
    FOR EACH STATEMENT EXECUTE FUNCTION billing_audit_links({ARGUMENTS});
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0091_audit_triggers"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffArea",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "area",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="staff", to="billing.area"
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="staff_areas",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "area",
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("user", "area"),
                        name="staffarea_once",
                        violation_error_message="This area is there already.",
                    )
                ],
            },
        ),
        migrations.RunSQL(AUDIT, migrations.RunSQL.noop),
    ]
