from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0008_subscription_may_end_on_its_start"),
    ]

    operations = [
        migrations.AddField(
            model_name="billingstate",
            name="review_since",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="bill",
            index=models.Index(
                condition=models.Q(("status", "open")), fields=["due_on", "id"], name="bill_open_by_due_date"
            ),
        ),
    ]
