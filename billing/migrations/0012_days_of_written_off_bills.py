"""A bill that was written off gives its unused days back without a credit note."""

from django.db import migrations

GUARD = """
CREATE OR REPLACE FUNCTION billing_billline_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept text[] := '{credited,billed_days}';
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - kept = to_jsonb(OLD) - kept THEN
        -- Written with a credit note or a void; by hand only days that cost nothing are given back.
        IF pg_trigger_depth() > 1 OR NEW.credited = OLD.credited AND NEW.billed_days <@ OLD.billed_days AND (
            OLD.amount = OLD.credited
            OR EXISTS (SELECT FROM billing_creditnote WHERE bill_id = OLD.bill_id AND kind = 'write-off')
        ) THEN
            RETURN NEW;
        END IF;
    END IF;
    PERFORM FROM billing_bill WHERE id = OLD.bill_id AND status <> 'draft';
    IF FOUND OR TG_OP = 'UPDATE' AND NEW.bill_id <> OLD.bill_id THEN
        RAISE EXCEPTION 'the bill is issued: its lines never change' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0010_billing_run")]

    operations = [migrations.RunSQL(GUARD, migrations.RunSQL.noop)]
