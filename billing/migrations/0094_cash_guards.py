"""PostgreSQL gives payments to shifts, computes what a drawer should hold, and keeps closed shifts as they are."""

from django.db import migrations

SUMS = """
CREATE FUNCTION billing_cash_of(shift bigint) RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT (SELECT opening_float FROM billing_cashshift WHERE id = shift)
        + coalesce((SELECT sum(amount) FROM billing_payment WHERE shift_id = shift AND method = 'cash'), 0)
        - coalesce((
            SELECT sum(reversal.amount) FROM billing_reversal reversal
            LEFT JOIN billing_payment payment ON payment.id = payment_id
            WHERE reversal.shift_id = shift
                AND CASE kind WHEN 'refund' THEN reversal.method ELSE payment.method END = 'cash'
        ), 0)
        + coalesce((
            SELECT sum(CASE kind WHEN 'pay-in' THEN amount ELSE -amount END)
            FROM billing_cashmovement WHERE shift_id = shift
        ), 0)
$$;
"""

# FOR SHARE waits for a close that is under way, and then finds no open shift any more.
PAYMENTS = """
CREATE FUNCTION billing_shift_of_payment() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.shift_id := (
        SELECT id FROM billing_cashshift WHERE staff_id = NEW.received_by_id AND closed_at IS NULL FOR SHARE
    );
    RETURN NEW;
END $$;
CREATE TRIGGER payment_joins_shift BEFORE INSERT ON billing_payment
    FOR EACH ROW WHEN (NEW.received_by_id IS NOT NULL) EXECUTE FUNCTION billing_shift_of_payment();
CREATE TRIGGER payment_of_nobody_has_no_shift BEFORE INSERT ON billing_payment
    FOR EACH ROW WHEN (NEW.received_by_id IS NULL AND NEW.shift_id IS NOT NULL) EXECUTE FUNCTION billing_refuse();
"""

# Cash that is paid out leaves the drawer of who pays it out. What was entered wrongly was never there: it is taken
# from the shift of its payment while that is open, and from none afterwards.
REVERSALS = """
CREATE FUNCTION billing_shift_of_reversal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.shift_id := NULL;
    IF NEW.kind = 'refund' THEN
        IF NEW.method = 'cash' THEN
            NEW.shift_id := (
                SELECT id FROM billing_cashshift WHERE staff_id = NEW.reversed_by_id AND closed_at IS NULL FOR SHARE
            );
        END IF;
    ELSIF NEW.payment_id IS NOT NULL THEN
        NEW.shift_id := (
            SELECT id FROM billing_cashshift
            WHERE id = (SELECT shift_id FROM billing_payment WHERE id = NEW.payment_id) AND closed_at IS NULL FOR SHARE
        );
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER reversal_joins_shift BEFORE INSERT ON billing_reversal
    FOR EACH ROW EXECUTE FUNCTION billing_shift_of_reversal();
"""

SHIFTS = """
CREATE FUNCTION billing_cashshift_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    closing text[] := '{closed_at,closed_by_id,expected,counted,difference_reason}';
    signing text[] := '{handed_over_at,handed_over_to_id}';
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
CREATE TRIGGER cashshift_closed_never_changes BEFORE UPDATE ON billing_cashshift
    FOR EACH ROW EXECUTE FUNCTION billing_cashshift_guard();
CREATE TRIGGER cashshift_is_kept BEFORE DELETE ON billing_cashshift FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER cashshift_not_truncated BEFORE TRUNCATE ON billing_cashshift EXECUTE FUNCTION billing_refuse();

CREATE FUNCTION billing_cashmovement_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM billing_cashshift WHERE id = NEW.shift_id AND closed_at IS NULL FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'shift % is closed and never changes', NEW.shift_id
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cashmovement_in_open_shift BEFORE INSERT ON billing_cashmovement
    FOR EACH ROW EXECUTE FUNCTION billing_cashmovement_guard();
CREATE TRIGGER cashmovement_is_a_fact BEFORE UPDATE OR DELETE ON billing_cashmovement
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER cashmovement_not_truncated BEFORE TRUNCATE ON billing_cashmovement EXECUTE FUNCTION billing_refuse();
"""

DROP = """
DROP FUNCTION billing_cashmovement_guard, billing_cashshift_guard, billing_shift_of_reversal, billing_shift_of_payment
    CASCADE;
DROP TRIGGER payment_of_nobody_has_no_shift ON billing_payment;
DROP FUNCTION billing_cash_of;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0093_cash_shifts")]

    operations = [migrations.RunSQL(SUMS + PAYMENTS + REVERSALS + SHIFTS, DROP)]
