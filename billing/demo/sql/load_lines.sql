INSERT INTO billing_billline (
    bill_id, kind, subscription_id, plan_id, period, billed_days, description, price, discount, amount, credited,
    tax_name, tax_percent, tax_inclusive, cut_off_at
)
SELECT
    bill.id, 'recurring', subscription.id, plan.id,
    daterange(begins_on, ends_before), daterange(begins_on, ends_before),
    plan.name || ', ' || login || ', ' || begins_on || ' to ' || ends_before - 1,
    plan.price, discount, amount, credited, coalesce(tax_name, ''), tax_percent, coalesce(tax_inclusive, false), cut_off_at
FROM demo_bill bill
JOIN billing_subscription subscription ON subscription.id = subscription_id
JOIN billing_plan plan ON plan.id = plan_id
JOIN demo_plan terms ON terms.id = plan_id
WHERE bill.id BETWEEN %(first)s AND %(last)s
UNION ALL
SELECT id, 'item', NULL, NULL, NULL, NULL, 'Installation', installation, 0, installation, 0, '', NULL, false, NULL
FROM demo_bill
WHERE installation > 0 AND id BETWEEN %(first)s AND %(last)s
ORDER BY 1, 2 DESC;

INSERT INTO billing_billtax (bill_id, name, percent, inclusive, base, tax)
SELECT
    bill.id, tax_name, tax_percent, tax_inclusive, CASE WHEN tax_inclusive THEN amount - tax ELSE amount END, tax
FROM demo_bill bill
JOIN demo_subscription subscription ON subscription.id = subscription_id
JOIN demo_plan ON demo_plan.id = plan_id
WHERE bill.id BETWEEN %(first)s AND %(last)s AND tax_name IS NOT NULL
ORDER BY bill.id;

INSERT INTO billing_item (customer_id, description, amount, bill_id, created_at)
SELECT customer_id, 'Installation', installation, id, issued_at
FROM demo_bill
WHERE installation > 0 AND id BETWEEN %(first)s AND %(last)s
ORDER BY id;
