INSERT INTO billing_billline (bill_id, kind, subscription_id, period, description, price, amount, cut_off_at, voided)
SELECT
    bill.id, 'recurring', subscription.id, daterange(begins_on, ends_before),
    plan.name || ', ' || login || ', ' || begins_on || ' to ' || ends_before - 1,
    price, amount, cut_off_at, false
FROM demo_bill bill
JOIN billing_subscription subscription ON subscription.id = subscription_id
JOIN billing_plan plan ON plan.id = plan_id
WHERE bill.id BETWEEN %(first)s AND %(last)s
UNION ALL
SELECT id, 'item', NULL, NULL, 'Installation', installation, installation, NULL, false
FROM demo_bill
WHERE installation > 0 AND id BETWEEN %(first)s AND %(last)s
ORDER BY 1, 2 DESC;
