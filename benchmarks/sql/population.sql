INSERT INTO billing_customer (
    id, code, name, phone, email, address, tax_id, bill_per_subscription, created_at
)
SELECT
    id, 'C' || lpad(id::text, 7, '0'), 'Customer ' || id, '555-' || lpad(id::text, 7, '0'), '', id || ' High Street', '',
    false, %(first_day)s
FROM generate_series(1, %(customers)s::bigint) AS id;

INSERT INTO billing_subscription (id, customer_id, plan_id, login, starts_on, anchor, created_at)
SELECT id, id, 1, 'c' || lpad(id::text, 7, '0'), day, day, day
FROM billing_customer CROSS JOIN LATERAL (SELECT %(first_day)s::date + mod(id, 28)::integer) AS start (day);

INSERT INTO billing_accessstate (subscription_id, is_on, version) SELECT id, true, 0 FROM billing_subscription;

INSERT INTO billing_billingstate (subscription_id, customer_id, billed_until, bill_on, review)
SELECT id, customer_id, starts_on, starts_on, '' FROM billing_subscription;

INSERT INTO billing_account (customer_id, balance) SELECT id, 0 FROM billing_customer;

INSERT INTO billing_numberseries (key, prefix, digits, last_value) VALUES ('bill', 'B', 6, 0), ('receipt', 'R', 6, 0);

SELECT setval(pg_get_serial_sequence('billing_customer', 'id'), %(customers)s),
    setval(pg_get_serial_sequence('billing_subscription', 'id'), %(customers)s);
