"""PostgreSQL checks what access events name once for each statement, instead of a foreign key for each row."""

import django.db.models.deletion
from django.db import migrations, models

CHECK_WHAT_IS_NAMED = """
CREATE FUNCTION billing_accessevent_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM new_event event
        LEFT JOIN billing_subscription subscription ON subscription.id = event.subscription_id
        LEFT JOIN billing_bill bill ON bill.id = event.bill_id AND bill.status <> 'draft'
        WHERE subscription.id IS NULL OR event.bill_id IS NOT NULL AND bill.id IS NULL
    ) OR EXISTS (
        SELECT FROM (SELECT DISTINCT run_id AS id FROM new_event WHERE run_id IS NOT NULL) named
        WHERE NOT EXISTS (SELECT FROM billing_sweeprun run WHERE run.id = named.id)
    ) THEN
        RAISE EXCEPTION 'an access event names a subscription, an issued bill or a run that does not exist'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER accessevent_names_what_exists AFTER INSERT ON billing_accessevent
    REFERENCING NEW TABLE AS new_event FOR EACH STATEMENT EXECUTE FUNCTION billing_accessevent_names();
"""

# Issued bills are kept already, by bill_issued_never_changes.
KEEP_WHAT_IS_NAMED = """
CREATE FUNCTION billing_named_by_accessevent() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_named boolean;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM billing_accessevent WHERE %I = $1)', TG_ARGV[0]) INTO is_named USING OLD.id;
    IF is_named THEN
        RAISE EXCEPTION '% % is named by access events and is kept', TG_TABLE_NAME, OLD.id
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER subscription_named_is_kept BEFORE DELETE OR UPDATE OF id ON billing_subscription
    FOR EACH ROW EXECUTE FUNCTION billing_named_by_accessevent('subscription_id');
CREATE TRIGGER sweeprun_named_is_kept BEFORE DELETE OR UPDATE OF id ON billing_sweeprun
    FOR EACH ROW EXECUTE FUNCTION billing_named_by_accessevent('run_id');
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0043_staff_sessions"),
    ]

    operations = [
        migrations.AlterField(
            model_name="accessevent",
            name="bill",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="billing.bill",
            ),
        ),
        migrations.AlterField(
            model_name="accessevent",
            name="run",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="billing.sweeprun",
            ),
        ),
        migrations.AlterField(
            model_name="accessevent",
            name="subscription",
            field=models.ForeignKey(
                db_constraint=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="access_events",
                to="billing.subscription",
            ),
        ),
        migrations.RunSQL(CHECK_WHAT_IS_NAMED),
        migrations.RunSQL(KEEP_WHAT_IS_NAMED),
    ]
