INSERT INTO billing_bill (
    id, customer_id, status, number, sequence, currency, total, allocated,
    issued_at, issued_on, due_on, customer_code, customer_name, customer_address
)
SELECT
    bill.id, customer_id, CASE WHEN paid = total THEN 'paid' ELSE 'open' END,
    pg_temp.printed(%(bill_prefix)s, bill.id), bill.id, %(currency)s, total, paid,
    issued_at, issued_on, due_on, code, name, address
FROM demo_bill bill
CROSS JOIN LATERAL (SELECT amount + installation) AS sum (total)
JOIN billing_customer customer ON customer.id = customer_id
WHERE bill.id BETWEEN %(first)s AND %(last)s
ORDER BY bill.id;
