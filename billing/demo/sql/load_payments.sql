WITH received AS (
    INSERT INTO billing_payment (
        id, customer_id, number, sequence, amount, currency, allocated, returned,
        method, received_at, received_on, received_by_id, gateway, note,
        customer_code, customer_name, seller_name, seller_address, seller_tax_id
    )
    SELECT
        paid.id, customer_id, pg_temp.printed(%(receipt_prefix)s, paid.id, day), paid.id,
        paid.paid + credit, %(currency)s, paid.paid, 0,
        method, received_at, day,
        CASE method WHEN 'cash' THEN %(admin)s END, '', CASE WHEN credit > 0 THEN 'Paid in advance' ELSE '' END,
        customer.code, customer.name, %(seller_name)s, %(seller_address)s, %(seller_tax_id)s
    FROM demo_payment paid
    JOIN billing_customer customer ON customer.id = customer_id
    CROSS JOIN LATERAL (SELECT (received_at AT TIME ZONE %(zone)s)::date) AS local (day)
    WHERE paid.id BETWEEN %(first)s AND %(last)s
    ORDER BY paid.id
    RETURNING id, customer_id, received_on, received_at, amount
)
INSERT INTO billing_ledgerentry (customer_id, booked_on, booked_at, kind, amount, payment_id)
SELECT customer_id, received_on, received_at, 'payment', -amount, id FROM received;
