-- Everybody has a bill of January 2030: 5 of 100 are overdue on the 20th, 20 are open until the end of February, and
-- the others are paid.
UPDATE billing_bill SET status = 'paid', allocated = total WHERE status = 'open';
UPDATE billing_accessstate SET cut_off_at = NULL WHERE cut_off_at IS NOT NULL;

INSERT INTO billing_bill (
    id, customer_id, status, number, sequence, currency, net, tax, total, allocated, credited,
    issued_at, issued_on, due_on, void_reason,
    customer_code, customer_name, customer_address, customer_tax_id, seller_name, seller_address, seller_tax_id
)
SELECT
    nextval('billing_bill_id_seq'), customer.id, CASE WHEN mod(customer.id, 20) < 5 THEN 'open' ELSE 'paid' END,
    'J' || lpad(customer.id::text, 7, '0'), 1000000000 + customer.id, 'USD', price, 0, price,
    CASE WHEN mod(customer.id, 20) < 5 THEN 0 ELSE price END, 0, '2030-01-01 12:00+00', '2030-01-01',
    CASE WHEN mod(customer.id, 20) = 0 THEN '2030-01-15' ELSE '2030-02-28' END::date, '',
    customer.code, customer.name, address, tax_id, 'ISP Billing', '', ''
FROM billing_customer customer CROSS JOIN billing_plan plan WHERE customer.id <= %(size)s
ORDER BY customer.id;

INSERT INTO billing_billline (
    bill_id, kind, subscription_id, plan_id, period, billed_days, description, price, discount, amount, credited,
    tax_name, tax_inclusive, cut_off_at
)
SELECT
    bill.id, 'recurring', subscription.id, plan_id, '[2030-01-01,2030-02-01)', '[2030-01-01,2030-02-01)',
    login || ', January 2030', total, 0, total, 0, '', false, (due_on + 1)::timestamptz
FROM billing_bill bill JOIN billing_subscription subscription USING (customer_id)
WHERE bill.issued_on = '2030-01-01' ORDER BY bill.id;

UPDATE billing_accessstate state SET cut_off_at = line.cut_off_at
FROM billing_billline line JOIN billing_bill bill ON bill.id = line.bill_id
WHERE bill.status = 'open' AND state.subscription_id = line.subscription_id;

UPDATE billing_account account SET balance = coalesce(owed, 0)
FROM billing_customer customer
LEFT JOIN (SELECT customer_id, total AS owed FROM billing_bill WHERE status = 'open') bill
    ON bill.customer_id = customer.id
WHERE account.customer_id = customer.id AND balance <> coalesce(owed, 0);

UPDATE billing_billingstate SET billed_until = '2030-02-01', bill_on = '2030-02-01' WHERE subscription_id <= %(size)s;
