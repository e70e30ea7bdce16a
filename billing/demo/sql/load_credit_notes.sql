-- Each takes back a part of a bill without tax, and pays it.
WITH issued AS (
    INSERT INTO billing_creditnote (
        id, customer_id, kind, bill_id, reason, number, sequence, currency, net, tax, total, allocated, returned,
        issued_at, issued_on, issued_by_id, customer_code, customer_name, customer_address, customer_tax_id,
        seller_name, seller_address, seller_tax_id
    )
    SELECT
        note.id, note.customer_id, 'correction', bill_id, 'Slow for some days',
        pg_temp.printed(%(credit_note_prefix)s, note.id, day), note.id, bill.currency,
        note.credited, 0, note.credited, note.credited, 0, note.issued_at, day, %(admin)s,
        customer_code, customer_name, customer_address, customer_tax_id, seller_name, seller_address, seller_tax_id
    FROM demo_credit_note note
    JOIN billing_bill bill ON bill.id = bill_id
    CROSS JOIN LATERAL (SELECT (note.issued_at AT TIME ZONE %(zone)s)::date) AS local (day)
    WHERE note.id BETWEEN %(first)s AND %(last)s
    ORDER BY note.id
    RETURNING id, customer_id, issued_on, issued_at, total
)
INSERT INTO billing_ledgerentry (customer_id, booked_on, booked_at, kind, amount, credit_note_id)
SELECT customer_id, issued_on, issued_at, 'credit note', -total, id FROM issued;

INSERT INTO billing_creditnoteline (
    credit_note_id, bill_line_id, description, amount, tax_name, tax_percent, tax_inclusive, frees_days
)
SELECT note.id, line.id, line.description, note.credited, '', NULL, false, false
FROM demo_credit_note note
JOIN billing_billline line ON line.bill_id = note.bill_id AND kind = 'recurring'
WHERE note.id BETWEEN %(first)s AND %(last)s
ORDER BY note.id;

INSERT INTO billing_allocation (credit_note_id, bill_id, amount, allocated_at)
SELECT id, bill_id, credited, issued_at
FROM demo_credit_note
WHERE id BETWEEN %(first)s AND %(last)s
ORDER BY id;
