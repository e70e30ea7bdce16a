INSERT INTO billing_allocation (payment_id, bill_id, amount, allocated_at)
SELECT id, bill_id, paid, received_at
FROM demo_payment
WHERE id BETWEEN %(first)s AND %(last)s
ORDER BY id;
