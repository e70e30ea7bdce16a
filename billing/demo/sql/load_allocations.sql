INSERT INTO billing_allocation (id, payment_id, bill_id, amount, allocated_at)
SELECT id, id, bill_id, paid, received_at
FROM demo_payment
WHERE id BETWEEN %(first)s AND %(last)s
ORDER BY id;
