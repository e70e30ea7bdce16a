"""What PostgreSQL refuses: changed documents, deleted facts, allocations that do not add up.

The guards hold for every SQL user, not only for this application.
"""

from django.db import migrations

REFUSALS = """
CREATE FUNCTION billing_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% on % is refused: these rows are facts and are never changed or removed', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER allocation_is_a_fact BEFORE UPDATE OR DELETE ON billing_allocation
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER payment_is_kept BEFORE DELETE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER accessevent_is_a_fact BEFORE UPDATE OR DELETE ON billing_accessevent
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER numberseries_is_kept BEFORE DELETE ON billing_numberseries
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();

CREATE TRIGGER bill_not_truncated BEFORE TRUNCATE ON billing_bill EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER billline_not_truncated BEFORE TRUNCATE ON billing_billline EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER payment_not_truncated BEFORE TRUNCATE ON billing_payment EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER allocation_not_truncated BEFORE TRUNCATE ON billing_allocation EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER accessevent_not_truncated BEFORE TRUNCATE ON billing_accessevent EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER numberseries_not_truncated BEFORE TRUNCATE ON billing_numberseries EXECUTE FUNCTION billing_refuse();
"""

NUMBERS = """
CREATE FUNCTION billing_numberseries_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.key <> OLD.key OR NEW.last_value < OLD.last_value THEN
        RAISE EXCEPTION 'series % is never turned back', OLD.key USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER numberseries_only_forward BEFORE UPDATE ON billing_numberseries
    FOR EACH ROW EXECUTE FUNCTION billing_numberseries_guard();
"""

# A document's frozen columns are all but those that the allocation trigger keeps. Columns that are
# added later are frozen by default. A depth above 1 means: written by the allocation trigger.
BILLS = """
CREATE FUNCTION billing_bill_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            RAISE EXCEPTION 'bill % is issued and is never deleted', OLD.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF TG_OP = 'INSERT' THEN
        IF NEW.status <> 'draft' THEN
            RAISE EXCEPTION 'a bill starts as a draft' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.status = 'draft' THEN
        IF NEW.status <> 'draft' AND NEW.total IS DISTINCT FROM
                (SELECT coalesce(sum(amount), 0) FROM billing_billline WHERE bill_id = NEW.id) THEN
            RAISE EXCEPTION 'bill %: the total % is not the sum of its lines', NEW.number, NEW.total
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    ELSIF to_jsonb(NEW) - 'allocated' - 'status' IS DISTINCT FROM to_jsonb(OLD) - 'allocated' - 'status' THEN
        RAISE EXCEPTION 'bill % is issued and never changes', OLD.number
            USING ERRCODE = 'integrity_constraint_violation';
    ELSIF OLD.status = 'void' OR NEW.status = 'draft' THEN
        RAISE EXCEPTION 'bill % cannot go from % to %', OLD.number, OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.allocated <> OLD.allocated AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'bill %: only an allocation changes what is allocated', OLD.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER bill_issued_never_changes BEFORE INSERT OR UPDATE OR DELETE ON billing_bill
    FOR EACH ROW EXECUTE FUNCTION billing_bill_guard();

CREATE FUNCTION billing_billline_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bill billing_bill;
BEGIN
    SELECT * INTO bill FROM billing_bill WHERE id = CASE WHEN TG_OP = 'INSERT' THEN NEW.bill_id ELSE OLD.bill_id END;
    IF bill.status = 'draft' AND (TG_OP <> 'UPDATE' OR NEW.bill_id = OLD.bill_id) THEN
        IF TG_OP = 'DELETE' THEN
            RETURN OLD;
        END IF;
        IF NEW.subscription_id IS NOT NULL AND bill.customer_id <>
                (SELECT customer_id FROM billing_subscription WHERE id = NEW.subscription_id) THEN
            RAISE EXCEPTION 'a line bills another customer''s subscription'
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND bill.status = 'void' AND NEW.voided AND NOT OLD.voided
            AND to_jsonb(NEW) - 'voided' = to_jsonb(OLD) - 'voided' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'bill % is issued: its lines never change', bill.number
        USING ERRCODE = 'integrity_constraint_violation';
END $$;

CREATE TRIGGER billline_issued_never_changes BEFORE INSERT OR UPDATE OR DELETE ON billing_billline
    FOR EACH ROW EXECUTE FUNCTION billing_billline_guard();
"""

PAYMENTS = """
CREATE FUNCTION billing_payment_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.allocated <> 0 THEN
            RAISE EXCEPTION 'a payment starts unallocated' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF to_jsonb(NEW) - 'allocated' IS DISTINCT FROM to_jsonb(OLD) - 'allocated'
            OR (NEW.allocated <> OLD.allocated AND pg_trigger_depth() < 2) THEN
        RAISE EXCEPTION 'payment % is received and never changes', OLD.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER payment_never_changes BEFORE INSERT OR UPDATE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION billing_payment_guard();
"""

# The bill's and the payment's row lock make parallel allocations queue up; their CHECKs refuse one too much.
ALLOCATIONS = """
CREATE FUNCTION billing_allocation_apply() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bill billing_bill;
    payment billing_payment;
BEGIN
    UPDATE billing_bill SET
        allocated = allocated + NEW.amount,
        status = CASE WHEN allocated + NEW.amount = total THEN 'paid' ELSE 'open' END
    WHERE id = NEW.bill_id AND status = 'open' RETURNING * INTO bill;
    IF bill.id IS NULL THEN
        RAISE EXCEPTION 'only an open bill can be paid' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    UPDATE billing_payment SET allocated = allocated + NEW.amount
    WHERE id = NEW.payment_id RETURNING * INTO payment;
    IF bill.customer_id IS DISTINCT FROM payment.customer_id OR bill.currency IS DISTINCT FROM payment.currency THEN
        RAISE EXCEPTION 'payment % and bill % have different customers or currencies', payment.number, bill.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER allocation_adds_up BEFORE INSERT ON billing_allocation
    FOR EACH ROW EXECUTE FUNCTION billing_allocation_apply();
"""

DROP = """
DROP FUNCTION billing_allocation_apply() CASCADE;
DROP FUNCTION billing_payment_guard() CASCADE;
DROP FUNCTION billing_billline_guard() CASCADE;
DROP FUNCTION billing_bill_guard() CASCADE;
DROP FUNCTION billing_numberseries_guard() CASCADE;
DROP FUNCTION billing_refuse() CASCADE;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0001_initial")]

    operations = [migrations.RunSQL(REFUSALS + NUMBERS + BILLS + PAYMENTS + ALLOCATIONS, DROP)]
