"""Permissions of the staff's actions; holds that staff set by hand before holds had days are “manual” now."""

from django.db import migrations, models

OLD_HOLDS = """
UPDATE billing_block block SET closed_at = greatest(now(), opened_at)
WHERE reason = 'hold' AND closed_at IS NULL AND EXISTS (
    SELECT FROM billing_block other
    WHERE other.subscription_id = block.subscription_id AND other.reason = 'manual' AND other.closed_at IS NULL
) AND NOT EXISTS (
    SELECT FROM billing_hold hold WHERE hold.subscription_id = block.subscription_id AND settled_at IS NULL
);
UPDATE billing_block block SET reason = 'manual'
WHERE reason = 'hold' AND closed_at IS NULL AND NOT EXISTS (
    SELECT FROM billing_hold hold WHERE hold.subscription_id = block.subscription_id AND settled_at IS NULL
);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0013_empty_columns"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="bill",
            options={
                "ordering": ["-id"],
                "permissions": [
                    ("void_bill", "Can void a bill"),
                    ("credit_bill", "Can issue a credit note for a bill"),
                    ("writeoff_bill", "Can write a bill off"),
                ],
            },
        ),
        migrations.AlterModelOptions(
            name="creditnote",
            options={"ordering": ["-id"], "permissions": [("give_credit", "Can give credit and take it back")]},
        ),
        migrations.AlterModelOptions(
            name="payment",
            options={
                "ordering": ["-id"],
                "permissions": [("reverse_payment", "Can reverse a payment"), ("refund_payment", "Can pay money back")],
            },
        ),
        migrations.AlterModelOptions(
            name="reversal",
            options={"ordering": ["-id"], "permissions": [("win_chargeback", "Can record that a chargeback is won")]},
        ),
        migrations.AlterModelOptions(
            name="subscription",
            options={
                "ordering": ["id"],
                "permissions": [
                    ("switch_plan", "Can change the plan of a subscription"),
                    ("hold_subscription", "Can hold and resume a subscription"),
                    ("end_subscription", "Can end a subscription"),
                    ("renew_subscription", "Can renew a prepaid subscription"),
                ],
            },
        ),
        migrations.AddField(
            model_name="discount",
            name="request_key",
            field=models.UUIDField(editable=False, null=True, unique=True),
        ),
        migrations.RunSQL(OLD_HOLDS, migrations.RunSQL.noop),
    ]
