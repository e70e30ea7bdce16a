import django.contrib.postgres.constraints
import django.db.models.expressions
from django.db import migrations, models

import billing.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0005_money_data"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="allocation",
            name="allocation_amount_positive",
        ),
        migrations.RemoveConstraint(
            model_name="billline",
            name="billline_recurring_has_period",
        ),
        migrations.RemoveConstraint(
            model_name="billline",
            name="billline_day_billed_once",
        ),
        migrations.RemoveConstraint(
            model_name="payment",
            name="payment_not_overallocated",
        ),
        migrations.RemoveIndex(
            model_name="payment",
            name="payment_with_credit",
        ),
        migrations.RemoveField(
            model_name="billline",
            name="voided",
        ),
        migrations.RemoveField(
            model_name="subscription",
            name="next_period",
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(
                condition=models.Q(
                    (
                        "amount__gt",
                        django.db.models.expressions.CombinedExpression(
                            models.F("allocated"), "+", models.F("returned")
                        ),
                    )
                ),
                fields=["customer"],
                name="payment_with_credit",
            ),
        ),
        migrations.AddConstraint(
            model_name="bill",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("total", django.db.models.expressions.CombinedExpression(models.F("net"), "+", models.F("tax")))
                ),
                name="bill_total_is_net_and_tax",
            ),
        ),
        migrations.AddConstraint(
            model_name="bill",
            constraint=models.CheckConstraint(
                condition=models.Q(("credited__range", (0, models.F("total")))), name="bill_not_overcredited"
            ),
        ),
        migrations.AddConstraint(
            model_name="bill",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "void"), ("voided_at__isnull", False), ("voided_on__isnull", False)),
                    models.Q(
                        models.Q(("status", "void"), _negated=True),
                        ("voided_at__isnull", True),
                        ("voided_on__isnull", True),
                    ),
                    _connector="OR",
                ),
                name="bill_void_has_a_date",
            ),
        ),
        migrations.AddConstraint(
            model_name="billline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("billed_days__contained_by", models.F("period")),
                        ("cut_off_at__isnull", False),
                        ("kind", "recurring"),
                        ("period__isempty", False),
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
            model_name="billline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gte", 0), ("credited__range", (0, models.F("amount"))), ("discount__gte", 0)
                ),
                name="billline_amounts_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="billline",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("billed_days__isempty", False)),
                expressions=[(billing.models.fields.DaysOf("subscription_id", "billed_days"), "&&")],
                index_type="GIST",
                name="billline_day_billed_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="payment",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("allocated__gte", 0),
                    (
                        "amount__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("allocated"), "+", models.F("returned")
                        ),
                    ),
                    ("returned__gte", 0),
                ),
                name="payment_not_overspent",
            ),
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount", 0), _negated=True), name="allocation_amount_not_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="allocation",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("credit_note__isnull", True), ("payment__isnull", False)),
                    models.Q(("credit_note__isnull", False), ("payment__isnull", True)),
                    _connector="OR",
                ),
                name="allocation_has_one_source",
            ),
        ),
    ]
