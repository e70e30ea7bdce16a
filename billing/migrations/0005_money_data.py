"""Fill the new columns from what is there: net and days of bills, the ledger, and how far each subscription is billed."""

from django.conf import settings
from django.db import migrations

TABLES = ("bill", "billline", "payment")
SILENCE = "".join(f"ALTER TABLE billing_{table} DISABLE TRIGGER USER;" for table in TABLES)
LISTEN = "".join(f"ALTER TABLE billing_{table} ENABLE TRIGGER USER;" for table in TABLES)

DOCUMENTS = """
UPDATE billing_bill SET net = total;
UPDATE billing_billline line SET plan_id = subscription.plan_id,
    billed_days = CASE WHEN voided THEN 'empty'::daterange ELSE period END
FROM billing_subscription subscription WHERE subscription.id = line.subscription_id AND line.kind = 'recurring';
UPDATE billing_payment SET received_on = (received_at AT TIME ZONE %s)::date;
"""

LEDGER = """
INSERT INTO billing_ledgerentry (customer_id, booked_on, booked_at, kind, amount, bill_id, payment_id)
SELECT customer_id, issued_on, issued_at, 'bill', total, id, NULL::bigint
FROM billing_bill WHERE status <> 'draft' AND total > 0
UNION ALL
SELECT customer_id, received_on, received_at, 'payment', -amount, NULL, id FROM billing_payment
ORDER BY 3, 5, 6;
INSERT INTO billing_account (customer_id, balance)
SELECT customer_id, sum(amount) FROM billing_ledgerentry GROUP BY customer_id ORDER BY customer_id;
"""

# The billing run looks again at a subscription whose day comes too early, and puts the right one in.
BILLING_STATES = """
UPDATE billing_subscription SET anchor = starts_on;
INSERT INTO billing_billingstate (subscription_id, customer_id, billed_until, bill_on, review)
SELECT id, customer_id, until, CASE WHEN ends_on <= until THEN NULL ELSE until END, ''
FROM billing_subscription subscription
CROSS JOIN LATERAL (
    SELECT coalesce(max(upper(line.billed_days)), starts_on) FROM billing_billline line
    WHERE line.subscription_id = subscription.id AND NOT isempty(line.billed_days)
) AS billed (until);
"""

FINISH = "SET CONSTRAINTS ALL IMMEDIATE;"


class Migration(migrations.Migration):
    dependencies = [("billing", "0004_money")]

    operations = [
        migrations.RunSQL(SILENCE, migrations.RunSQL.noop),
        migrations.RunSQL([(DOCUMENTS, [settings.TIME_ZONE])], migrations.RunSQL.noop),
        migrations.RunSQL(LEDGER + BILLING_STATES + FINISH + LISTEN, migrations.RunSQL.noop),
    ]
