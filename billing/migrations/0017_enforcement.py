"""Promises, exclusions, holidays, reminders, the record of sweeps, and one function for the cut-off instant."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

# For each subscription of some customers, the instant from which its unpaid bills cut it, NULL when none does:
# the first cut-off of its open bills, not before the customer's overdue debt rises above the minimum (rule E4),
# and not before its promises and exclusions end (rule E11). A line that costs nothing, or was credited in full,
# cuts nobody (rule E1); a one-off item that cuts has no subscription and cuts all of the customer's (rule E5).
# PL/pgSQL plans it once a session, for few customers: windows and groups instead of joins between its own rows
# make it as good for thousands.
CUT_OFFS = """
CREATE FUNCTION billing_cut_offs(customers bigint[], minimum numeric)
RETURNS TABLE (subscription_id bigint, cut_off_at timestamptz) LANGUAGE plpgsql STABLE ROWS 10 AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH line AS (
        SELECT bill.customer_id, bill.id AS bill_id, line.subscription_id, min(line.cut_off_at) AS cut_off_at,
            bill.total - bill.allocated AS unpaid
        FROM billing_bill bill JOIN billing_billline line ON line.bill_id = bill.id
        WHERE bill.customer_id = ANY(customers) AND bill.status = 'open'
            AND line.amount > line.credited AND line.cut_off_at IS NOT NULL
        GROUP BY bill.id, line.subscription_id
    ), once AS (
        SELECT *, CASE row_number() OVER (PARTITION BY bill_id ORDER BY cut_off_at) WHEN 1 THEN unpaid ELSE 0 END AS part
        FROM line
    ), debt AS (
        SELECT *, sum(part) OVER (PARTITION BY customer_id ORDER BY cut_off_at) AS overdue FROM once
    ), judged AS MATERIALIZED (
        SELECT *, min(cut_off_at) FILTER (WHERE overdue > minimum) OVER (PARTITION BY customer_id) AS above_since
        FROM debt
    ), part AS (
        SELECT state.subscription_id, NULL::timestamptz AS cut_off_at, NULL::timestamptz AS above_since, not_before
        FROM billing_subscription subscription
        JOIN billing_accessstate state ON state.subscription_id = subscription.id
        WHERE subscription.customer_id = ANY(customers)
        UNION ALL
        SELECT subscription_id, cut_off_at, above_since, NULL FROM judged WHERE subscription_id IS NOT NULL
        UNION ALL
        SELECT subscription.id, cut_off_at, above_since, NULL
        FROM judged JOIN billing_subscription subscription USING (customer_id) WHERE subscription_id IS NULL
    )
    SELECT part.subscription_id, CASE WHEN min(part.cut_off_at) IS NOT NULL AND min(above_since) IS NOT NULL
        THEN greatest(min(part.cut_off_at), min(above_since), max(not_before)) END
    FROM part GROUP BY part.subscription_id;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0016_tax_bases_of_credit_notes"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Exclusion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "not_before",
                    models.DateTimeField(editable=False, help_text="The first instant at which a cut may happen."),
                ),
                ("why", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(editable=False)),
                ("ended_at", models.DateTimeField(editable=False, help_text="When it was taken back.", null=True)),
                ("until", models.DateField(blank=True, help_text="Last day of it. Empty: never cut.", null=True)),
                ("notices", models.BooleanField(default=False, help_text="Reminders go on.")),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="FollowedPolicy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("minimum_debt", models.DecimalField(decimal_places=3, max_digits=14)),
                ("reminded_through", models.DateField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Holiday",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "day",
                    models.DateField(
                        error_messages={"unique": "This day is a holiday already. Change that one instead."},
                        unique=True,
                    ),
                ),
                ("name", models.CharField(max_length=80)),
                ("yearly", models.BooleanField(default=False, help_text="It comes again on this day of each year.")),
            ],
            options={
                "ordering": ["day"],
            },
        ),
        migrations.CreateModel(
            name="Promise",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "not_before",
                    models.DateTimeField(editable=False, help_text="The first instant at which a cut may happen."),
                ),
                ("why", models.CharField(max_length=200)),
                ("created_at", models.DateTimeField(editable=False)),
                ("ended_at", models.DateTimeField(editable=False, help_text="When it was taken back.", null=True)),
                ("until", models.DateField(help_text="Last day with access, although the bill is unpaid.")),
                ("request_key", models.UUIDField(editable=False, null=True, unique=True)),
            ],
            options={
                "ordering": ["-id"],
                "abstract": False,
            },
        ),
        migrations.CreateModel(
            name="Reminder",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("days", models.SmallIntegerField(help_text="Days after the due date, below zero before it.")),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="SweepFinding",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("held", "held by the circuit breaker"), ("set aside", "Set Aside")], max_length=9
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=300)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.AlterModelOptions(
            name="sweeprun",
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("confirm_run", "Can let a run go on that the circuit breaker holds"),
                    ("undo_run", "Can undo the cuts of a run"),
                ],
            },
        ),
        migrations.RemoveConstraint(
            model_name="billline",
            name="billline_recurring_has_period",
        ),
        migrations.AddField(
            model_name="accessstate",
            name="not_before",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="customer",
            name="due_days",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="Days to pay after the issue date. Empty: as the plan says.", null=True
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="grace_days",
            field=models.PositiveSmallIntegerField(
                blank=True, help_text="Days online after the due date. Empty: as the plan says.", null=True
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="end_after_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Days disabled as unpaid after which the subscription ends, 0 for never. Empty: the installation's END_AFTER_DAYS.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="reopens_when_paid",
            field=models.BooleanField(
                default=True, help_text="A payment brings a subscription back that ended because it was unpaid."
            ),
        ),
        migrations.AddField(
            model_name="subscription",
            name="ended_unpaid_on",
            field=models.DateField(
                editable=False, help_text="The day on which it ended because it was unpaid (rule E16).", null=True
            ),
        ),
        migrations.AddField(
            model_name="sweeprun",
            name="active",
            field=models.PositiveIntegerField(help_text="Subscriptions that were on, when it was held.", null=True),
        ),
        migrations.AddField(
            model_name="sweeprun",
            name="decided_at",
            field=models.DateTimeField(help_text="When it was confirmed or undone.", null=True),
        ),
        migrations.AddField(
            model_name="sweeprun",
            name="decided_by",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="sweeprun",
            name="ended_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="sweeprun",
            name="looked_at",
            field=models.PositiveIntegerField(default=0, help_text="Subscriptions that were due."),
        ),
        migrations.AddField(
            model_name="sweeprun",
            name="set_aside",
            field=models.PositiveIntegerField(default=0, help_text="Not disabled because of an error."),
        ),
        migrations.AddField(
            model_name="sweeprun",
            name="skipped",
            field=models.PositiveIntegerField(default=0, help_text="Locked by somebody, left to the next run."),
        ),
        migrations.AddField(
            model_name="sweeprun",
            name="started_at",
            field=models.DateTimeField(db_default=django.db.models.functions.datetime.Now()),
        ),
        migrations.AddField(
            model_name="sweeprun",
            name="status",
            field=models.CharField(
                choices=[
                    ("done", "Done"),
                    ("held", "held by the circuit breaker"),
                    ("confirmed", "confirmed, being carried out"),
                    ("lapsed", "held, no longer needed"),
                    ("undone", "Undone"),
                ],
                default="done",
                max_length=9,
            ),
        ),
        migrations.AlterField(
            model_name="billline",
            name="cut_off_at",
            field=models.DateTimeField(
                blank=True,
                help_text="From this instant the bill cuts while it is unpaid: a period its subscription, a one-off item all of the customer's (rules B3, E5, T5).",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="sweeprun",
            index=models.Index(
                condition=models.Q(("status__in", ["held", "confirmed"])), fields=["status"], name="sweeprun_unfinished"
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
                    models.Q(("billed_days__isnull", True), ("kind", "item"), ("period__isnull", True)),
                    _connector="OR",
                ),
                name="billline_recurring_has_period",
            ),
        ),
        migrations.AddConstraint(
            model_name="sweeprun",
            constraint=models.UniqueConstraint(
                condition=models.Q(("status", "held")), fields=("status",), name="sweeprun_held_once"
            ),
        ),
        migrations.AddField(
            model_name="exclusion",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="exclusion",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="billing.customer"
            ),
        ),
        migrations.AddField(
            model_name="exclusion",
            name="ended_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddConstraint(
            model_name="followedpolicy",
            constraint=models.CheckConstraint(condition=models.Q(("pk", 1)), name="followedpolicy_one_row"),
        ),
        migrations.AddConstraint(
            model_name="holiday",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="holiday_has_a_name"
            ),
        ),
        migrations.AddField(
            model_name="promise",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="promise",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="billing.customer"
            ),
        ),
        migrations.AddField(
            model_name="promise",
            name="ended_by",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="promise",
            name="run",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="promises",
                to="billing.sweeprun",
            ),
        ),
        migrations.AddField(
            model_name="promise",
            name="subscription",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="promises",
                to="billing.subscription",
            ),
        ),
        migrations.AddField(
            model_name="reminder",
            name="bill",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reminders", to="billing.bill"
            ),
        ),
        migrations.AddField(
            model_name="sweepfinding",
            name="run",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="findings", to="billing.sweeprun"
            ),
        ),
        migrations.AddField(
            model_name="sweepfinding",
            name="subscription",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.subscription"
            ),
        ),
        migrations.AddConstraint(
            model_name="exclusion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("customer",), name="exclusion_one_per_customer"
            ),
        ),
        migrations.AddConstraint(
            model_name="promise",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("run__isnull", True), ("subscription__isnull", True)),
                    models.Q(("run__isnull", False), ("subscription__isnull", False)),
                    _connector="OR",
                ),
                name="promise_of_a_run_names_a_subscription",
            ),
        ),
        migrations.AddConstraint(
            model_name="reminder",
            constraint=models.UniqueConstraint(fields=("bill", "days"), name="reminder_once_per_stage"),
        ),
        migrations.AddConstraint(
            model_name="sweepfinding",
            constraint=models.UniqueConstraint(fields=("run", "subscription"), name="sweepfinding_once_a_run"),
        ),
        migrations.RunSQL("UPDATE billing_sweeprun SET started_at = as_of, ended_at = as_of", migrations.RunSQL.noop),
        migrations.RunSQL(CUT_OFFS),
    ]
