"""A CHECK passes on NULL: say of each column that it must be filled in. The rare entries of the ledger get an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0012_days_of_written_off_bills"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="billline",
            name="billline_recurring_has_period",
        ),
        migrations.RemoveConstraint(
            model_name="creditnoteline",
            name="creditnoteline_days_of_a_line",
        ),
        migrations.RemoveConstraint(
            model_name="discount",
            name="discount_percent_or_fixed",
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(
                condition=models.Q(("kind", "void"), ("kind", "credit note"), ("kind", "reversal"), _connector="OR"),
                fields=["kind", "id"],
                name="ledgerentry_of_rare_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="billline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("billed_days__contained_by", models.F("period")),
                        ("billed_days__isnull", False),
                        ("cut_off_at__isnull", False),
                        ("kind", "recurring"),
                        ("period__isempty", False),
                        ("period__isnull", False),
                        ("subscription__isnull", False),
                    ),
                    models.Q(
                        ("billed_days__isnull", True),
                        ("cut_off_at__isnull", True),
                        ("kind", "item"),
                        ("period__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="billline_recurring_has_period",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnoteline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("days__isnull", True), ("frees_days", False)),
                    models.Q(("bill_line__isnull", False), ("days__isempty", False), ("days__isnull", False)),
                    _connector="OR",
                ),
                name="creditnoteline_days_of_a_line",
            ),
        ),
        migrations.AddConstraint(
            model_name="discount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("fixed__isnull", True), ("percent__gt", 0), ("percent__isnull", False), ("percent__lte", 100)
                    ),
                    models.Q(("fixed__gt", 0), ("fixed__isnull", False), ("percent__isnull", True)),
                    _connector="OR",
                ),
                name="discount_percent_or_fixed",
            ),
        ),
    ]
