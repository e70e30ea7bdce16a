from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("billing", "0126_quick_sign_ins")]

    operations = [
        migrations.AddIndex(
            model_name="networkintent",
            index=models.Index(fields=["applied_at"], name="networkintent_applied"),
        ),
    ]
