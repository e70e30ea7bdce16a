"""A shift keeps the count by notes and coins; money of a statement was not handed over at a counter, and joins none."""

from django.db import migrations, models

GUARD = """
CREATE OR REPLACE FUNCTION billing_cashshift_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closing text[] := '{{closed_at,closed_by_id,expected,counted,{pieces}difference_reason}}';
    signing text[] := '{{handed_over_at,handed_over_to_id}}';
BEGIN
    IF to_jsonb(NEW) - closing - signing IS DISTINCT FROM to_jsonb(OLD) - closing - signing THEN
        RAISE EXCEPTION 'how shift % began never changes', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.closed_at IS NULL THEN
        IF NEW.closed_at IS NOT NULL THEN
            NEW.expected := billing_cash_of(OLD.id);
        END IF;
    ELSIF to_jsonb(NEW) - signing IS DISTINCT FROM to_jsonb(OLD) - signing
            OR OLD.handed_over_at IS NOT NULL AND to_jsonb(NEW) IS DISTINCT FROM to_jsonb(OLD) THEN
        RAISE EXCEPTION 'shift % is closed and never changes', OLD.id USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""

# Who takes it, by the payment's gateway: a statement, a gateway or an import have one, a counter has not.
TRIGGERS = """
DROP TRIGGER payment_joins_shift ON billing_payment;
DROP TRIGGER payment_of_nobody_has_no_shift ON billing_payment;
CREATE TRIGGER payment_joins_shift BEFORE INSERT ON billing_payment
    FOR EACH ROW WHEN (NEW.received_by_id IS NOT NULL{at_the_counter}) EXECUTE FUNCTION billing_shift_of_payment();
CREATE TRIGGER payment_of_nobody_has_no_shift BEFORE INSERT ON billing_payment
    FOR EACH ROW WHEN ((NEW.received_by_id IS NULL{from_elsewhere}) AND NEW.shift_id IS NOT NULL)
    EXECUTE FUNCTION billing_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0105_radius_role")]

    operations = [
        migrations.AddField(
            model_name="cashshift",
            name="pieces",
            field=models.JSONField(
                blank=True,
                db_default={},
                default=dict,
                help_text="How many notes and coins were counted, by their value.",
            ),
        ),
        migrations.RunSQL(
            GUARD.format(pieces="pieces,")
            + TRIGGERS.format(at_the_counter=" AND NEW.gateway = ''", from_elsewhere=" OR NEW.gateway <> ''"),
            GUARD.format(pieces="") + TRIGGERS.format(at_the_counter="", from_elsewhere=""),
        ),
    ]
