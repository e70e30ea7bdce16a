import datetime
from decimal import Decimal

import django.contrib.postgres.constraints
import django.contrib.postgres.fields.ranges
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import billing.models.fields


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "__first__"),
        ("billing", "0003_customer_request_key"),
    ]

    operations = [
        migrations.CreateModel(
            name="Account",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="account",
                        serialize=False,
                        to="billing.customer",
                    ),
                ),
                ("balance", billing.models.fields.MoneyField(default=Decimal("0"))),
            ],
        ),
        migrations.CreateModel(
            name="BillingState",
            fields=[
                (
                    "subscription",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="billing_state",
                        serialize=False,
                        to="billing.subscription",
                    ),
                ),
                ("billed_until", models.DateField()),
                ("bill_on", models.DateField(null=True)),
                (
                    "review",
                    models.CharField(
                        blank=True,
                        help_text="Why the billing run set it aside; empty while all is well (rule B7).",
                        max_length=300,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="BillTax",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("percent", billing.models.fields.PercentField()),
                ("inclusive", models.BooleanField()),
                ("base", billing.models.fields.MoneyField(help_text="What the tax is computed on, without the tax.")),
                ("tax", billing.models.fields.MoneyField()),
            ],
            options={
                "verbose_name_plural": "bill taxes",
            },
        ),
        migrations.CreateModel(
            name="CreditNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("currency", models.CharField(max_length=3)),
                ("net", billing.models.fields.MoneyField(help_text="Without tax.")),
                ("tax", billing.models.fields.MoneyField(default=Decimal("0"))),
                ("total", billing.models.fields.MoneyField()),
                ("allocated", billing.models.fields.MoneyField(default=Decimal("0"))),
                ("issued_at", models.DateTimeField()),
                ("issued_on", models.DateField()),
                ("customer_code", models.CharField(max_length=20)),
                ("customer_name", models.CharField(max_length=120)),
                ("customer_address", models.CharField(blank=True, max_length=250)),
                ("customer_tax_id", models.CharField(blank=True, max_length=40)),
                ("seller_name", models.CharField(blank=True, max_length=120)),
                ("seller_address", models.CharField(blank=True, max_length=250)),
                ("seller_tax_id", models.CharField(blank=True, max_length=40)),
                ("number", models.CharField(max_length=30, unique=True)),
                ("sequence", models.BigIntegerField(unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("correction", "Correction"),
                            ("unused", "unused days"),
                            ("goodwill", "Goodwill"),
                            ("write-off", "write-off"),
                        ],
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                (
                    "returned",
                    billing.models.fields.MoneyField(
                        default=Decimal("0"), help_text="What was paid out of it, or taken back."
                    ),
                ),
                ("request_key", models.UUIDField(editable=False, null=True, unique=True)),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="CreditNoteLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("description", models.CharField(max_length=200)),
                (
                    "amount",
                    billing.models.fields.MoneyField(
                        help_text="With its tax when the rate is inclusive, without it otherwise."
                    ),
                ),
                ("tax_name", models.CharField(blank=True, max_length=40)),
                ("tax_percent", billing.models.fields.PercentField(blank=True, null=True)),
                ("tax_inclusive", models.BooleanField(default=False)),
                (
                    "days",
                    django.contrib.postgres.fields.ranges.DateRangeField(
                        blank=True, help_text="The unused days, half-open.", null=True
                    ),
                ),
                (
                    "frees_days",
                    models.BooleanField(
                        default=False,
                        help_text="The days can be billed again: the subscription changed or ended from their first.",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="CreditNoteTax",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=40)),
                ("percent", billing.models.fields.PercentField()),
                ("inclusive", models.BooleanField()),
                ("base", billing.models.fields.MoneyField(help_text="What the tax is computed on, without the tax.")),
                ("tax", billing.models.fields.MoneyField()),
            ],
            options={
                "verbose_name_plural": "credit note taxes",
            },
        ),
        migrations.CreateModel(
            name="Discount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("description", models.CharField(max_length=100)),
                ("percent", billing.models.fields.PercentField(blank=True, null=True)),
                (
                    "fixed",
                    billing.models.fields.MoneyField(
                        blank=True, help_text="Off the price of a full period.", null=True
                    ),
                ),
                ("starts_on", models.DateField()),
                (
                    "ends_on",
                    models.DateField(blank=True, help_text="First day without it. Empty: open-ended.", null=True),
                ),
                ("created_at", models.DateTimeField(editable=False)),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="Hold",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "days",
                    django.contrib.postgres.fields.ranges.DateRangeField(
                        help_text="Half-open; without an end until the subscription is resumed."
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=200)),
                ("created_at", models.DateTimeField(editable=False)),
                (
                    "settled_at",
                    models.DateTimeField(
                        blank=True, help_text="When it ended and its unused days were credited.", null=True
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Item",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("description", models.CharField(max_length=200)),
                ("amount", billing.models.fields.MoneyField()),
                ("withdrawn_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("request_key", models.UUIDField(editable=False, null=True, unique=True)),
                ("created_at", models.DateTimeField(editable=False)),
            ],
            options={
                "verbose_name": "one-off item",
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="LedgerEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("booked_on", models.DateField()),
                ("booked_at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("bill", "Bill"),
                            ("void", "bill voided"),
                            ("payment", "Payment"),
                            ("credit note", "credit note"),
                            ("reversal", "payment or credit taken back"),
                        ],
                        max_length=11,
                    ),
                ),
                ("amount", billing.models.fields.MoneyField()),
            ],
            options={
                "verbose_name_plural": "ledger",
                "ordering": ["booked_on", "id"],
            },
        ),
        migrations.CreateModel(
            name="PriceBefore",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("price", billing.models.fields.MoneyField()),
            ],
            options={
                "verbose_name": "earlier price",
                "ordering": ["plan", "day"],
            },
        ),
        migrations.CreateModel(
            name="Reversal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("mistake", "entered by mistake"),
                            ("refund", "Refund"),
                            ("bounced", "bounced or failed"),
                            ("chargeback", "Chargeback"),
                            ("won", "chargeback won"),
                        ],
                        max_length=10,
                    ),
                ),
                ("amount", billing.models.fields.MoneyField()),
                (
                    "method",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("cash", "Cash"),
                            ("bank", "bank transfer"),
                            ("card", "Card"),
                            ("mobile", "mobile money"),
                            ("other", "Other"),
                        ],
                        help_text="How a refund was paid out.",
                        max_length=6,
                    ),
                ),
                ("reason", models.CharField(max_length=200)),
                ("request_key", models.UUIDField(editable=False, null=True, unique=True)),
                ("reversed_at", models.DateTimeField()),
                ("reversed_on", models.DateField()),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ScheduledChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("start", "Start"),
                            ("plan", "change of plan"),
                            ("hold", "Hold"),
                            ("resume", "Resume"),
                            ("end", "End"),
                        ],
                        max_length=6,
                    ),
                ),
                ("due_on", models.DateField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("done", "Done"),
                            ("cancelled", "taken back"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=9,
                    ),
                ),
                ("error", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(editable=False)),
                ("closed_at", models.DateTimeField(blank=True, editable=False, null=True)),
            ],
            options={
                "ordering": ["due_on", "id"],
            },
        ),
        migrations.CreateModel(
            name="TaxRate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "name",
                    models.CharField(help_text="As printed on bills, such as VAT 20%.", max_length=40, unique=True),
                ),
                ("percent", billing.models.fields.PercentField()),
                ("inclusive", models.BooleanField(default=False, help_text="The prices hold this tax already.")),
            ],
            options={
                "ordering": ["name"],
            },
        ),
        migrations.CreateModel(
            name="UnbilledDays",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first_day", models.DateField()),
                ("end_day", models.DateField(help_text="First day after them.")),
                (
                    "reason",
                    models.CharField(
                        choices=[("trial", "free trial"), ("unpaid", "disabled as unpaid"), ("hold", "on hold")],
                        max_length=6,
                    ),
                ),
                ("recorded_at", models.DateTimeField()),
            ],
            options={
                "verbose_name_plural": "unbilled days",
                "ordering": ["id"],
            },
        ),
        migrations.AddField(
            model_name="bill",
            name="credited",
            field=billing.models.fields.MoneyField(
                default=Decimal("0"), help_text="What credit notes took back of it."
            ),
        ),
        migrations.AddField(
            model_name="bill",
            name="customer_tax_id",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="bill",
            name="net",
            field=billing.models.fields.MoneyField(default=Decimal("0"), help_text="Without tax."),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="bill",
            name="seller_address",
            field=models.CharField(blank=True, max_length=250),
        ),
        migrations.AddField(
            model_name="bill",
            name="seller_name",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="bill",
            name="seller_tax_id",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="bill",
            name="tax",
            field=billing.models.fields.MoneyField(default=Decimal("0")),
        ),
        migrations.AddField(
            model_name="bill",
            name="void_reason",
            field=models.CharField(blank=True, max_length=200),
        ),
        migrations.AddField(
            model_name="bill",
            name="voided_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="bill",
            name="voided_by",
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
            model_name="bill",
            name="voided_on",
            field=models.DateField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="billline",
            name="billed_days",
            field=django.contrib.postgres.fields.ranges.DateRangeField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="billline",
            name="credited",
            field=billing.models.fields.MoneyField(
                default=Decimal("0"), help_text="What credit notes took back of its amount."
            ),
        ),
        migrations.AddField(
            model_name="billline",
            name="discount",
            field=billing.models.fields.MoneyField(default=Decimal("0")),
        ),
        migrations.AddField(
            model_name="billline",
            name="plan",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.plan",
            ),
        ),
        migrations.AddField(
            model_name="billline",
            name="tax_inclusive",
            field=models.BooleanField(default=False),
        ),
        migrations.AddField(
            model_name="billline",
            name="tax_name",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
            model_name="billline",
            name="tax_percent",
            field=billing.models.fields.PercentField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="customer",
            name="bill_per_subscription",
            field=models.BooleanField(
                default=False,
                help_text="Each subscription gets a bill of its own instead of one bill for all that are due.",
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="tax_id",
            field=models.CharField(blank=True, max_length=40, verbose_name="tax number"),
        ),
        migrations.AddField(
            model_name="payment",
            name="received_on",
            field=models.DateField(default=datetime.date(1970, 1, 1)),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="payment",
            name="returned",
            field=billing.models.fields.MoneyField(
                default=Decimal("0"), help_text="What was reversed, refunded or charged back."
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="bills_while_unpaid",
            field=models.BooleanField(
                blank=True,
                help_text="Whether a subscription that is disabled as unpaid is billed further. Empty: yes for postpaid, no for prepaid.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="lead_days",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="Prepaid: days before the period at which its bill is issued."
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="trial_days",
            field=models.PositiveSmallIntegerField(default=0, help_text="Free days before the first paid period."),
        ),
        migrations.AddField(
            model_name="subscription",
            name="anchor",
            field=models.DateField(
                default=datetime.date(1970, 1, 1),
                editable=False,
                help_text="The day from which its billing periods are counted.",
            ),
            preserve_default=False,
        ),
        migrations.AlterField(
            model_name="accessevent",
            name="reason",
            field=models.CharField(
                choices=[
                    ("unpaid", "Unpaid"),
                    ("manual", "Manual"),
                    ("hold", "Hold"),
                    ("abuse", "Abuse"),
                    ("quota", "Quota"),
                    ("pending", "not started yet"),
                    ("ended", "Ended"),
                ],
                max_length=7,
            ),
        ),
        migrations.AlterField(
            model_name="allocation",
            name="payment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="allocations",
                to="billing.payment",
            ),
        ),
        migrations.AlterField(
            model_name="bill",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="billing.customer"
            ),
        ),
        migrations.AlterField(
            model_name="billline",
            name="amount",
            field=billing.models.fields.MoneyField(
                help_text="With its tax when the rate is inclusive, without it otherwise."
            ),
        ),
        migrations.AlterField(
            model_name="block",
            name="reason",
            field=models.CharField(
                choices=[
                    ("unpaid", "Unpaid"),
                    ("manual", "Manual"),
                    ("hold", "Hold"),
                    ("abuse", "Abuse"),
                    ("quota", "Quota"),
                    ("pending", "not started yet"),
                    ("ended", "Ended"),
                ],
                max_length=7,
            ),
        ),
        migrations.AlterField(
            model_name="numberseries",
            name="prefix",
            field=models.CharField(
                blank=True, help_text="{year} and {month} stand for the date of issue.", max_length=20
            ),
        ),
        migrations.AlterField(
            model_name="plan",
            name="due_days",
            field=models.PositiveSmallIntegerField(
                blank=True,
                help_text="Days to pay after the issue date. Empty: the installation's DUE_DAYS; for a prepaid plan with lead days, the last paid day.",
                null=True,
            ),
        ),
        migrations.AlterField(
            model_name="subscription",
            name="starts_on",
            field=models.DateField(help_text="First day of the service."),
        ),
        migrations.AddField(
            model_name="billingstate",
            name="customer",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="billing.customer"
            ),
        ),
        migrations.AddField(
            model_name="billtax",
            name="bill",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="taxes", to="billing.bill"
            ),
        ),
        migrations.AddField(
            model_name="creditnote",
            name="bill",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="credit_notes",
                to="billing.bill",
            ),
        ),
        migrations.AddField(
            model_name="creditnote",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="billing.customer"
            ),
        ),
        migrations.AddField(
            model_name="creditnote",
            name="issued_by",
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
            model_name="allocation",
            name="credit_note",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="allocations",
                to="billing.creditnote",
            ),
        ),
        migrations.AddField(
            model_name="creditnoteline",
            name="bill_line",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="credits",
                to="billing.billline",
            ),
        ),
        migrations.AddField(
            model_name="creditnoteline",
            name="credit_note",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="lines", to="billing.creditnote"
            ),
        ),
        migrations.AddField(
            model_name="creditnotetax",
            name="credit_note",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="taxes", to="billing.creditnote"
            ),
        ),
        migrations.AddField(
            model_name="discount",
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
            model_name="discount",
            name="subscription",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="discounts", to="billing.subscription"
            ),
        ),
        migrations.AddField(
            model_name="hold",
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
            model_name="hold",
            name="subscription",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="holds", to="billing.subscription"
            ),
        ),
        migrations.AddField(
            model_name="item",
            name="bill",
            field=models.ForeignKey(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="items",
                to="billing.bill",
            ),
        ),
        migrations.AddField(
            model_name="item",
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
            model_name="item",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="items", to="billing.customer"
            ),
        ),
        migrations.AddField(
            model_name="item",
            name="late_fee_of",
            field=models.OneToOneField(
                blank=True,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="late_fee",
                to="billing.bill",
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="bill",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="ledger",
                to="billing.bill",
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="credit_note",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="ledger_entry",
                to="billing.creditnote",
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="customer",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="ledger",
                to="billing.customer",
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="payment",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="ledger_entry",
                to="billing.payment",
            ),
        ),
        migrations.AddField(
            model_name="pricebefore",
            name="plan",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="earlier_prices", to="billing.plan"
            ),
        ),
        migrations.AddField(
            model_name="reversal",
            name="credit_note",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversals",
                to="billing.creditnote",
            ),
        ),
        migrations.AddField(
            model_name="reversal",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="reversals", to="billing.customer"
            ),
        ),
        migrations.AddField(
            model_name="reversal",
            name="payment",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reversals",
                to="billing.payment",
            ),
        ),
        migrations.AddField(
            model_name="reversal",
            name="reversed_by",
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
            model_name="reversal",
            name="undoes",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="undone_by",
                to="billing.reversal",
            ),
        ),
        migrations.AddField(
            model_name="ledgerentry",
            name="reversal",
            field=models.OneToOneField(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="ledger_entry",
                to="billing.reversal",
            ),
        ),
        migrations.AddField(
            model_name="scheduledchange",
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
            model_name="scheduledchange",
            name="hold",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="changes",
                to="billing.hold",
            ),
        ),
        migrations.AddField(
            model_name="scheduledchange",
            name="plan",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.plan",
            ),
        ),
        migrations.AddField(
            model_name="scheduledchange",
            name="subscription",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="scheduled_changes", to="billing.subscription"
            ),
        ),
        migrations.AddConstraint(
            model_name="taxrate",
            constraint=models.CheckConstraint(
                condition=models.Q(("percent__range", (0, 100))),
                name="taxrate_percent_in_range",
                violation_error_message="Percent: 0 to 100.",
            ),
        ),
        migrations.AddField(
            model_name="item",
            name="tax_rate",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.taxrate",
            ),
        ),
        migrations.AddField(
            model_name="plan",
            name="tax_rate",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="plans",
                to="billing.taxrate",
            ),
        ),
        migrations.AddField(
            model_name="unbilleddays",
            name="subscription",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="unbilled_days", to="billing.subscription"
            ),
        ),
        migrations.AddIndex(
            model_name="billingstate",
            index=models.Index(
                condition=models.Q(("bill_on__isnull", False), ("review", "")),
                fields=["bill_on", "customer"],
                name="billingstate_due",
            ),
        ),
        migrations.AddIndex(
            model_name="billingstate",
            index=models.Index(
                condition=models.Q(("review", ""), _negated=True), fields=["subscription"], name="billingstate_review"
            ),
        ),
        migrations.AddConstraint(
            model_name="billtax",
            constraint=models.UniqueConstraint(
                fields=("bill", "name", "percent", "inclusive"), name="billtax_once_per_rate"
            ),
        ),
        migrations.AddIndex(
            model_name="creditnote",
            index=models.Index(
                condition=models.Q(
                    (
                        "total__gt",
                        django.db.models.expressions.CombinedExpression(
                            models.F("allocated"), "+", models.F("returned")
                        ),
                    )
                ),
                fields=["customer"],
                name="creditnote_with_credit",
            ),
        ),
        migrations.AddIndex(
            model_name="creditnote",
            index=models.Index(fields=["issued_on", "id"], name="creditnote_by_issue_date"),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(condition=models.Q(("total__gt", 0)), name="creditnote_total_positive"),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("total", django.db.models.expressions.CombinedExpression(models.F("net"), "+", models.F("tax")))
                ),
                name="creditnote_total_is_net_and_tax",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("allocated__gte", 0),
                    ("returned__gte", 0),
                    (
                        "total__gte",
                        django.db.models.expressions.CombinedExpression(
                            models.F("allocated"), "+", models.F("returned")
                        ),
                    ),
                ),
                name="creditnote_not_overspent",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("bill__isnull", True), ("kind", "goodwill")),
                    models.Q(models.Q(("kind", "goodwill"), _negated=True), ("bill__isnull", False)),
                    _connector="OR",
                ),
                name="creditnote_corrects_a_bill",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnoteline",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="creditnoteline_amount_positive"
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnoteline",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("days__isnull", True), ("frees_days", False)),
                    models.Q(("bill_line__isnull", False), ("days__isempty", False)),
                    _connector="OR",
                ),
                name="creditnoteline_days_of_a_line",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnoteline",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                condition=models.Q(("days__isnull", False)),
                expressions=[(billing.models.fields.DaysOf("bill_line_id", "days"), "&&")],
                index_type="GIST",
                name="creditnoteline_day_credited_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="creditnotetax",
            constraint=models.UniqueConstraint(
                fields=("credit_note", "name", "percent", "inclusive"), name="creditnotetax_once_per_rate"
            ),
        ),
        migrations.AddConstraint(
            model_name="discount",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("fixed__isnull", True), ("percent__gt", 0), ("percent__lte", 100)),
                    models.Q(("fixed__gt", 0), ("percent__isnull", True)),
                    _connector="OR",
                ),
                name="discount_percent_or_fixed",
            ),
        ),
        migrations.AddConstraint(
            model_name="discount",
            constraint=models.CheckConstraint(
                condition=models.Q(("ends_on__isnull", True), ("ends_on__gt", models.F("starts_on")), _connector="OR"),
                name="discount_ends_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(condition=models.Q(("days__isempty", False)), name="hold_has_days"),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=django.contrib.postgres.constraints.ExclusionConstraint(
                expressions=[(billing.models.fields.DaysOf("subscription_id", "days"), "&&")],
                index_type="GIST",
                name="hold_days_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="pricebefore",
            constraint=models.UniqueConstraint(fields=("plan", "day"), name="pricebefore_once_a_day"),
        ),
        migrations.AddConstraint(
            model_name="reversal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("credit_note__isnull", True), ("payment__isnull", False)),
                    models.Q(("credit_note__isnull", False), ("payment__isnull", True)),
                    _connector="OR",
                ),
                name="reversal_has_one_source",
            ),
        ),
        migrations.AddConstraint(
            model_name="reversal",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="reversal_has_a_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="reversal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gt", 0), ("undoes__isnull", True), models.Q(("kind", "won"), _negated=True)),
                    models.Q(("amount__lt", 0), ("kind", "won"), ("undoes__isnull", False)),
                    _connector="OR",
                ),
                name="reversal_undoes_another_when_negative",
            ),
        ),
        migrations.AddIndex(
            model_name="ledgerentry",
            index=models.Index(fields=["customer", "booked_on", "id"], name="ledgerentry_account"),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("bill__isnull", False),
                        ("credit_note__isnull", True),
                        ("kind__in", ["bill", "void"]),
                        ("payment__isnull", True),
                        ("reversal__isnull", True),
                    ),
                    models.Q(
                        ("bill__isnull", True),
                        ("credit_note__isnull", True),
                        ("kind", "payment"),
                        ("payment__isnull", False),
                        ("reversal__isnull", True),
                    ),
                    models.Q(
                        ("bill__isnull", True),
                        ("credit_note__isnull", False),
                        ("kind", "credit note"),
                        ("payment__isnull", True),
                        ("reversal__isnull", True),
                    ),
                    models.Q(
                        ("bill__isnull", True),
                        ("credit_note__isnull", True),
                        ("kind", "reversal"),
                        ("payment__isnull", True),
                        ("reversal__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="ledgerentry_has_one_document",
            ),
        ),
        migrations.AddConstraint(
            model_name="ledgerentry",
            constraint=models.UniqueConstraint(fields=("bill", "kind"), name="ledgerentry_once_per_bill"),
        ),
        migrations.AddIndex(
            model_name="scheduledchange",
            index=models.Index(
                condition=models.Q(("status", "pending")), fields=["due_on", "id"], name="scheduledchange_pending"
            ),
        ),
        migrations.AddConstraint(
            model_name="scheduledchange",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "plan"), ("plan__isnull", False)),
                    models.Q(models.Q(("kind", "plan"), _negated=True), ("plan__isnull", True)),
                    _connector="OR",
                ),
                name="scheduledchange_plan_names_a_plan",
            ),
        ),
        migrations.AddConstraint(
            model_name="scheduledchange",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind__in", ["start", "plan", "end"]), ("status", "pending")),
                fields=("subscription", "kind"),
                name="scheduledchange_pending_once",
            ),
        ),
        migrations.AddIndex(
            model_name="item",
            index=models.Index(
                condition=models.Q(("bill__isnull", True), ("withdrawn_at__isnull", True)),
                fields=["customer"],
                name="item_waiting",
            ),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.CheckConstraint(condition=models.Q(("amount__gt", 0)), name="item_amount_positive"),
        ),
        migrations.AddConstraint(
            model_name="item",
            constraint=models.CheckConstraint(
                condition=models.Q(("bill__isnull", True), ("withdrawn_at__isnull", True), _connector="OR"),
                name="item_billed_or_withdrawn",
            ),
        ),
        migrations.AddConstraint(
            model_name="unbilleddays",
            constraint=models.CheckConstraint(
                condition=models.Q(("end_day__gt", models.F("first_day"))), name="unbilleddays_end_after_start"
            ),
        ),
    ]
