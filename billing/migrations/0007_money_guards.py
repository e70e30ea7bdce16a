"""What PostgreSQL keeps and refuses since documents have taxes, credit notes, reversals and a ledger.

Documents come whole: the lines and taxes of a bill or credit note are written first (their foreign
keys wait for the commit), then the document itself, whose statement checks the sums of all at once.
The ledger is written here and nowhere else.
"""

from django.db import migrations

# Depth 1 is the trigger that asks; a row that another trigger writes comes from depth 2 on.
REFUSALS = """
CREATE FUNCTION billing_refuse_by_hand() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '% on % is refused: PostgreSQL itself writes it with the document', TG_OP, TG_TABLE_NAME
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER ledgerentry_written_with_its_document BEFORE INSERT ON billing_ledgerentry
    EXECUTE FUNCTION billing_refuse_by_hand();
CREATE TRIGGER account_written_with_the_ledger BEFORE INSERT OR UPDATE OR DELETE ON billing_account
    EXECUTE FUNCTION billing_refuse_by_hand();

CREATE TRIGGER ledgerentry_is_a_fact BEFORE UPDATE OR DELETE ON billing_ledgerentry
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER reversal_is_a_fact BEFORE UPDATE OR DELETE ON billing_reversal
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER creditnote_is_kept BEFORE DELETE ON billing_creditnote
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER creditnoteline_is_a_fact BEFORE UPDATE OR DELETE ON billing_creditnoteline
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER creditnotetax_is_a_fact BEFORE UPDATE OR DELETE ON billing_creditnotetax
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();

CREATE TRIGGER ledgerentry_not_truncated BEFORE TRUNCATE ON billing_ledgerentry EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER account_not_truncated BEFORE TRUNCATE ON billing_account EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER reversal_not_truncated BEFORE TRUNCATE ON billing_reversal EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER billtax_not_truncated BEFORE TRUNCATE ON billing_billtax EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER creditnote_not_truncated BEFORE TRUNCATE ON billing_creditnote EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER creditnoteline_not_truncated BEFORE TRUNCATE ON billing_creditnoteline
    EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER creditnotetax_not_truncated BEFORE TRUNCATE ON billing_creditnotetax
    EXECUTE FUNCTION billing_refuse();
"""

ACCOUNTS = """
CREATE FUNCTION billing_ledgerentry_balance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_account AS account (customer_id, balance)
    SELECT customer_id, sum(amount) FROM entry GROUP BY customer_id ORDER BY customer_id
    ON CONFLICT (customer_id) DO UPDATE SET balance = account.balance + excluded.balance;
    RETURN NULL;
END $$;

CREATE TRIGGER ledgerentry_balance AFTER INSERT ON billing_ledgerentry
    REFERENCING NEW TABLE AS entry FOR EACH STATEMENT EXECUTE FUNCTION billing_ledgerentry_balance();
"""

BILL_SUMS = """
CREATE FUNCTION billing_check_bills(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wrong text;
BEGIN
    SELECT bill.number INTO wrong FROM billing_bill bill
    LEFT JOIN (
        SELECT bill_id, sum(amount) AS amount FROM billing_billline WHERE bill_id = ANY(ids) GROUP BY bill_id
    ) AS line ON line.bill_id = bill.id
    LEFT JOIN (
        SELECT bill_id, sum(tax) AS tax, coalesce(sum(tax) FILTER (WHERE NOT inclusive), 0) AS added
        FROM billing_billtax WHERE bill_id = ANY(ids) GROUP BY bill_id
    ) AS tax ON tax.bill_id = bill.id
    WHERE bill.id = ANY(ids)
        AND (bill.total IS DISTINCT FROM line.amount + coalesce(tax.added, 0) OR bill.tax <> coalesce(tax.tax, 0))
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'bill %: the total is not the sum of its lines and taxes', wrong
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM FROM (
        SELECT bill_id, tax_name, tax_percent, tax_inclusive, sum(amount) AS amount FROM billing_billline
        WHERE bill_id = ANY(ids) AND tax_percent IS NOT NULL GROUP BY 1, 2, 3, 4
    ) AS line
    FULL JOIN (
        SELECT bill_id, name, percent, inclusive, base + CASE WHEN inclusive THEN tax ELSE 0 END AS amount
        FROM billing_billtax WHERE bill_id = ANY(ids)
    ) AS tax ON tax.bill_id = line.bill_id AND (name, percent, inclusive) = (tax_name, tax_percent, tax_inclusive)
    WHERE line.amount IS DISTINCT FROM tax.amount;
    IF FOUND THEN
        RAISE EXCEPTION 'the base of a tax is not the sum of the lines with its rate'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM FROM billing_billline line
    JOIN billing_bill bill ON bill.id = line.bill_id
    JOIN billing_subscription subscription ON subscription.id = line.subscription_id
    WHERE line.bill_id = ANY(ids) AND subscription.customer_id <> bill.customer_id;
    IF FOUND THEN
        RAISE EXCEPTION 'a line bills another customer''s subscription'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;
"""

# Columns that are added later are frozen by default.
BILLS = """
DROP TRIGGER bill_issued_never_changes ON billing_bill;

CREATE OR REPLACE FUNCTION billing_bill_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept text[] := '{allocated,status,credited,voided_at,voided_on,voided_by_id,void_reason}';
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.status <> 'draft' THEN
            RAISE EXCEPTION 'bill % is issued and is never deleted', OLD.number
                USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN OLD;
    END IF;
    IF OLD.status <> 'draft' AND to_jsonb(NEW) - kept IS DISTINCT FROM to_jsonb(OLD) - kept THEN
        RAISE EXCEPTION 'bill % is issued and never changes', OLD.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF OLD.status = 'void' OR OLD.status <> 'draft' AND NEW.status = 'draft' OR OLD.status = 'draft' AND NEW.status = 'void'
            OR NEW.status = 'void' AND (OLD.allocated > 0 OR OLD.credited > 0) THEN
        RAISE EXCEPTION 'bill % cannot go from % to %', OLD.number, OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF (NEW.allocated <> OLD.allocated OR NEW.credited <> OLD.credited) AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'bill %: only allocations and credit notes change what is allocated or credited', OLD.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER bill_issued_never_changes BEFORE UPDATE OR DELETE ON billing_bill
    FOR EACH ROW EXECUTE FUNCTION billing_bill_guard();
CREATE TRIGGER bill_starts_unpaid BEFORE INSERT ON billing_bill FOR EACH ROW
    WHEN (NEW.status = 'void' OR NEW.status = 'paid' AND NEW.total <> 0 OR NEW.allocated <> 0 OR NEW.credited <> 0)
    EXECUTE FUNCTION billing_refuse();

CREATE FUNCTION billing_bill_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM billing_check_bills(ARRAY(SELECT id FROM new_bill WHERE status <> 'draft'));
    INSERT INTO billing_ledgerentry (customer_id, booked_on, booked_at, kind, amount, bill_id)
    SELECT customer_id, issued_on, issued_at, 'bill', total, id FROM new_bill WHERE status = 'open' ORDER BY id;
    RETURN NULL;
END $$;

CREATE TRIGGER bill_inserted AFTER INSERT ON billing_bill
    REFERENCING NEW TABLE AS new_bill FOR EACH STATEMENT EXECUTE FUNCTION billing_bill_inserted();

CREATE FUNCTION billing_bill_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM new_bill JOIN old_bill USING (id) WHERE old_bill.status = 'draft') THEN
        PERFORM billing_check_bills(ARRAY(
            SELECT id FROM new_bill JOIN old_bill USING (id)
            WHERE old_bill.status = 'draft' AND new_bill.status <> 'draft'
        ));
        INSERT INTO billing_ledgerentry (customer_id, booked_on, booked_at, kind, amount, bill_id)
        SELECT new_bill.customer_id, new_bill.issued_on, new_bill.issued_at, 'bill', new_bill.total, id
        FROM new_bill JOIN old_bill USING (id)
        WHERE old_bill.status = 'draft' AND new_bill.status <> 'draft' AND new_bill.total > 0 ORDER BY id;
    END IF;
    IF EXISTS (SELECT FROM new_bill WHERE status = 'void') THEN
        INSERT INTO billing_ledgerentry (customer_id, booked_on, booked_at, kind, amount, bill_id)
        SELECT customer_id, voided_on, voided_at, 'void', -total, id
        FROM new_bill WHERE status = 'void' AND total > 0 ORDER BY id;
        UPDATE billing_billline SET billed_days = 'empty'
        WHERE billed_days IS NOT NULL AND bill_id IN (SELECT id FROM new_bill WHERE status = 'void');
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER bill_updated AFTER UPDATE ON billing_bill
    REFERENCING OLD TABLE AS old_bill NEW TABLE AS new_bill
    FOR EACH STATEMENT EXECUTE FUNCTION billing_bill_updated();
"""

# Lines and taxes may come before their document, never after it was issued.
BILL_PARTS = """
DROP TRIGGER billline_issued_never_changes ON billing_billline;

CREATE OR REPLACE FUNCTION billing_billline_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept text[] := '{credited,billed_days}';
BEGIN
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - kept = to_jsonb(OLD) - kept THEN
        -- Written with a credit note or a void; by hand only days that cost nothing are given back.
        IF pg_trigger_depth() > 1
                OR NEW.credited = OLD.credited AND OLD.amount = OLD.credited AND NEW.billed_days <@ OLD.billed_days THEN
            RETURN NEW;
        END IF;
    END IF;
    PERFORM FROM billing_bill WHERE id = OLD.bill_id AND status <> 'draft';
    IF FOUND OR TG_OP = 'UPDATE' AND NEW.bill_id <> OLD.bill_id THEN
        RAISE EXCEPTION 'the bill is issued: its lines never change' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER billline_issued_never_changes BEFORE UPDATE OR DELETE ON billing_billline
    FOR EACH ROW EXECUTE FUNCTION billing_billline_guard();

CREATE FUNCTION billing_billtax_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM billing_bill WHERE id = OLD.bill_id AND status <> 'draft';
    IF FOUND THEN
        RAISE EXCEPTION 'the bill is issued: its taxes never change' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE TRIGGER billtax_issued_never_changes BEFORE UPDATE OR DELETE ON billing_billtax
    FOR EACH ROW EXECUTE FUNCTION billing_billtax_guard();

CREATE FUNCTION billing_bill_parts_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM part JOIN billing_bill bill ON bill.id = part.bill_id WHERE bill.status <> 'draft';
    IF FOUND THEN
        RAISE EXCEPTION 'the bill is issued: nothing is added to it' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER billline_inserted AFTER INSERT ON billing_billline
    REFERENCING NEW TABLE AS part FOR EACH STATEMENT EXECUTE FUNCTION billing_bill_parts_inserted();
CREATE TRIGGER billtax_inserted AFTER INSERT ON billing_billtax
    REFERENCING NEW TABLE AS part FOR EACH STATEMENT EXECUTE FUNCTION billing_bill_parts_inserted();
"""

CREDIT_NOTES = """
CREATE FUNCTION billing_creditnote_parts_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM part JOIN billing_creditnote note ON note.id = part.credit_note_id;
    IF FOUND THEN
        RAISE EXCEPTION 'the credit note is issued: nothing is added to it'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER creditnoteline_inserted AFTER INSERT ON billing_creditnoteline
    REFERENCING NEW TABLE AS part FOR EACH STATEMENT EXECUTE FUNCTION billing_creditnote_parts_inserted();
CREATE TRIGGER creditnotetax_inserted AFTER INSERT ON billing_creditnotetax
    REFERENCING NEW TABLE AS part FOR EACH STATEMENT EXECUTE FUNCTION billing_creditnote_parts_inserted();

CREATE FUNCTION billing_check_creditnotes(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM billing_creditnote note
    LEFT JOIN (
        SELECT credit_note_id, sum(amount) AS amount FROM billing_creditnoteline
        WHERE credit_note_id = ANY(ids) GROUP BY 1
    ) AS line ON line.credit_note_id = note.id
    LEFT JOIN (
        SELECT credit_note_id, sum(tax) AS tax, coalesce(sum(tax) FILTER (WHERE NOT inclusive), 0) AS added
        FROM billing_creditnotetax WHERE credit_note_id = ANY(ids) GROUP BY 1
    ) AS tax ON tax.credit_note_id = note.id
    WHERE note.id = ANY(ids)
        AND (note.total IS DISTINCT FROM line.amount + coalesce(tax.added, 0) OR note.tax <> coalesce(tax.tax, 0));
    IF FOUND THEN
        RAISE EXCEPTION 'the total of a credit note is not the sum of its lines and taxes'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM FROM billing_creditnote note JOIN billing_bill bill ON bill.id = note.bill_id
    WHERE note.id = ANY(ids)
        AND (bill.customer_id <> note.customer_id OR bill.currency <> note.currency OR bill.status IN ('draft', 'void'));
    IF FOUND THEN
        RAISE EXCEPTION 'a credit note corrects an issued bill of its own customer'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    PERFORM FROM billing_creditnoteline part
    JOIN billing_creditnote note ON note.id = part.credit_note_id
    JOIN billing_billline line ON line.id = part.bill_line_id
    WHERE part.credit_note_id = ANY(ids) AND (
        line.bill_id IS DISTINCT FROM note.bill_id OR NOT part.days <@ line.period
        OR part.frees_days AND upper(part.days) <> upper(line.billed_days)
    );
    IF FOUND THEN
        RAISE EXCEPTION 'a credit takes back days that its line does not bill'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
END $$;

CREATE FUNCTION billing_creditnote_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(SELECT id FROM new_note);
BEGIN
    PERFORM billing_check_creditnotes(ids);
    UPDATE billing_bill bill SET credited = credited + note.total
    FROM (SELECT bill_id, sum(total) AS total FROM new_note WHERE bill_id IS NOT NULL GROUP BY bill_id) AS note
    WHERE bill.id = note.bill_id;
    UPDATE billing_billline line SET
        credited = credited + part.amount,
        billed_days = CASE WHEN part.freed_from IS NULL THEN billed_days
            ELSE billed_days * daterange(NULL, part.freed_from) END
    FROM (
        SELECT bill_line_id, sum(amount) AS amount, min(lower(days)) FILTER (WHERE frees_days) AS freed_from
        FROM billing_creditnoteline WHERE credit_note_id = ANY(ids) AND bill_line_id IS NOT NULL
        GROUP BY bill_line_id
    ) AS part
    WHERE line.id = part.bill_line_id;
    INSERT INTO billing_ledgerentry (customer_id, booked_on, booked_at, kind, amount, credit_note_id)
    SELECT customer_id, issued_on, issued_at, 'credit note', -total, id FROM new_note ORDER BY id;
    RETURN NULL;
END $$;

CREATE TRIGGER creditnote_inserted AFTER INSERT ON billing_creditnote
    REFERENCING NEW TABLE AS new_note FOR EACH STATEMENT EXECUTE FUNCTION billing_creditnote_inserted();
"""

# What pays bills: payments and credit notes.
SOURCES = """
DROP TRIGGER payment_never_changes ON billing_payment;
DROP FUNCTION billing_payment_guard();

CREATE FUNCTION billing_source_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    kept text[] := '{allocated,returned}';
BEGIN
    IF TG_OP = 'INSERT' THEN
        RAISE EXCEPTION '% starts unallocated', NEW.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF to_jsonb(NEW) - kept IS DISTINCT FROM to_jsonb(OLD) - kept OR pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION '% is issued and never changes', OLD.number USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER payment_never_changes BEFORE UPDATE ON billing_payment
    FOR EACH ROW EXECUTE FUNCTION billing_source_guard();
CREATE TRIGGER payment_starts_unallocated BEFORE INSERT ON billing_payment FOR EACH ROW
    WHEN (NEW.allocated <> 0 OR NEW.returned <> 0) EXECUTE FUNCTION billing_source_guard();
CREATE TRIGGER creditnote_never_changes BEFORE UPDATE ON billing_creditnote
    FOR EACH ROW EXECUTE FUNCTION billing_source_guard();
CREATE TRIGGER creditnote_starts_unallocated BEFORE INSERT ON billing_creditnote FOR EACH ROW
    WHEN (NEW.allocated <> 0 OR NEW.returned <> 0) EXECUTE FUNCTION billing_source_guard();

CREATE FUNCTION billing_payment_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_ledgerentry (customer_id, booked_on, booked_at, kind, amount, payment_id)
    SELECT customer_id, received_on, received_at, 'payment', -amount, id FROM new_payment ORDER BY id;
    RETURN NULL;
END $$;

CREATE TRIGGER payment_inserted AFTER INSERT ON billing_payment
    REFERENCING NEW TABLE AS new_payment FOR EACH STATEMENT EXECUTE FUNCTION billing_payment_inserted();
"""

# The row locks of bill and source make parallel allocations queue up; their CHECKs refuse one too much.
ALLOCATIONS = """
CREATE OR REPLACE FUNCTION billing_allocation_apply() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bill billing_bill;
    owner bigint;
    money text;
BEGIN
    UPDATE billing_bill SET
        allocated = allocated + NEW.amount,
        status = CASE WHEN allocated + NEW.amount = total THEN 'paid' ELSE 'open' END
    WHERE id = NEW.bill_id AND (status = 'open' OR status = 'paid' AND NEW.amount < 0) RETURNING * INTO bill;
    IF bill.id IS NULL THEN
        RAISE EXCEPTION 'only an open bill can be paid' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.payment_id IS NOT NULL THEN
        UPDATE billing_payment SET allocated = allocated + NEW.amount
        WHERE id = NEW.payment_id RETURNING customer_id, currency INTO owner, money;
    ELSE
        UPDATE billing_creditnote SET allocated = allocated + NEW.amount
        WHERE id = NEW.credit_note_id RETURNING customer_id, currency INTO owner, money;
    END IF;
    IF bill.customer_id IS DISTINCT FROM owner OR bill.currency IS DISTINCT FROM money THEN
        RAISE EXCEPTION 'bill % is paid from another customer or currency', bill.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.amount < 0 AND NEW.amount + coalesce((
        SELECT sum(amount) FROM billing_allocation earlier
        WHERE earlier.bill_id = NEW.bill_id
            AND (earlier.payment_id = NEW.payment_id OR earlier.credit_note_id = NEW.credit_note_id)
    ), 0) < 0 THEN
        RAISE EXCEPTION 'more is taken back from bill % than was allocated to it', bill.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$;
"""

REVERSALS = """
CREATE FUNCTION billing_reversal_apply() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner bigint;
    undone billing_reversal;
BEGIN
    IF NEW.payment_id IS NOT NULL THEN
        UPDATE billing_payment SET returned = returned + NEW.amount
        WHERE id = NEW.payment_id RETURNING customer_id INTO owner;
    ELSE
        UPDATE billing_creditnote SET returned = returned + NEW.amount
        WHERE id = NEW.credit_note_id RETURNING customer_id INTO owner;
    END IF;
    IF owner IS DISTINCT FROM NEW.customer_id THEN
        RAISE EXCEPTION 'a reversal names another customer than its payment'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF NEW.undoes_id IS NOT NULL THEN
        SELECT * INTO undone FROM billing_reversal WHERE id = NEW.undoes_id;
        IF undone.amount IS DISTINCT FROM -NEW.amount OR undone.payment_id IS DISTINCT FROM NEW.payment_id
                OR undone.credit_note_id IS DISTINCT FROM NEW.credit_note_id THEN
            RAISE EXCEPTION 'a reversal is undone as a whole' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER reversal_adds_up BEFORE INSERT ON billing_reversal
    FOR EACH ROW EXECUTE FUNCTION billing_reversal_apply();

CREATE FUNCTION billing_reversal_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO billing_ledgerentry (customer_id, booked_on, booked_at, kind, amount, reversal_id)
    SELECT customer_id, reversed_on, reversed_at, 'reversal', amount, id FROM new_reversal ORDER BY id;
    RETURN NULL;
END $$;

CREATE TRIGGER reversal_inserted AFTER INSERT ON billing_reversal
    REFERENCING NEW TABLE AS new_reversal FOR EACH STATEMENT EXECUTE FUNCTION billing_reversal_inserted();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0006_money_constraints")]

    operations = [
        migrations.RunSQL(
            REFUSALS + ACCOUNTS + BILL_SUMS + BILLS + BILL_PARTS + CREDIT_NOTES + SOURCES + ALLOCATIONS + REVERSALS
        )
    ]
