INSERT INTO billing_payment (
    id, customer_id, number, sequence, amount, currency, allocated, method, received_at, received_by_id, gateway, note
)
SELECT
    id, customer_id, pg_temp.printed(%(receipt_prefix)s, id), id, paid + credit, %(currency)s, paid, method, received_at,
    CASE method WHEN 'cash' THEN %(admin)s END, '', CASE WHEN credit > 0 THEN 'Paid in advance' ELSE '' END
FROM demo_payment
WHERE id BETWEEN %(first)s AND %(last)s
ORDER BY id;
