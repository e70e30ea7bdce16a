"""PostgreSQL holds each tax of a credit note against the lines with its rate, as it does of a bill (rule M4)."""

from django.db import migrations

GUARD = """
CREATE FUNCTION billing_creditnote_taxes() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    ids bigint[] := ARRAY(SELECT id FROM new_note);
BEGIN
    PERFORM FROM (
        SELECT credit_note_id, tax_name, tax_percent, tax_inclusive, sum(amount) AS amount FROM billing_creditnoteline
        WHERE credit_note_id = ANY(ids) AND tax_percent IS NOT NULL GROUP BY 1, 2, 3, 4
    ) AS line
    FULL JOIN (
        SELECT credit_note_id, name, percent, inclusive, base + CASE WHEN inclusive THEN tax ELSE 0 END AS amount
        FROM billing_creditnotetax WHERE credit_note_id = ANY(ids)
    ) AS tax ON tax.credit_note_id = line.credit_note_id
        AND (name, percent, inclusive) = (tax_name, tax_percent, tax_inclusive)
    WHERE line.amount IS DISTINCT FROM tax.amount;
    IF FOUND THEN
        RAISE EXCEPTION 'the base of a tax is not the sum of the credit note''s lines with its rate'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER creditnote_taxes AFTER INSERT ON billing_creditnote
    REFERENCING NEW TABLE AS new_note FOR EACH STATEMENT EXECUTE FUNCTION billing_creditnote_taxes();
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0015_who_changed_a_price")]

    operations = [migrations.RunSQL(GUARD)]
