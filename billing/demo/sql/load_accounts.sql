INSERT INTO billing_account (customer_id, balance)
SELECT customer_id, sum(amount) FROM billing_ledgerentry GROUP BY customer_id ORDER BY customer_id;
