"""Give earlier receipts their copies of both parties: as they are today, which is the best that is known."""

from django.conf import settings
from django.db import migrations

PARTIES = """
UPDATE billing_payment payment SET customer_code = code, customer_name = name,
    seller_name = left(%s, 120), seller_address = left(%s, 250), seller_tax_id = left(%s, 40)
FROM billing_customer customer WHERE customer.id = payment.customer_id;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0030_documents")]

    operations = [
        migrations.RunSQL("ALTER TABLE billing_payment DISABLE TRIGGER USER", migrations.RunSQL.noop),
        migrations.RunSQL(
            [(PARTIES, [settings.COMPANY_NAME, settings.COMPANY_ADDRESS, settings.COMPANY_TAX_ID])],
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(
            "SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE billing_payment ENABLE TRIGGER USER", migrations.RunSQL.noop
        ),
    ]
