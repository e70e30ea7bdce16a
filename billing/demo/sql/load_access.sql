-- Who is overdue still has access: the first expiry check finds them. Who is on hold has none.
INSERT INTO billing_accessstate (subscription_id, cut_off_at, is_on, version)
SELECT id, cut_off_at, hold_on IS NULL, CASE WHEN hold_on IS NULL THEN 0 ELSE 1 END
FROM demo_subscription subscription
LEFT JOIN demo_billed billed ON billed.subscription_id = subscription.id
WHERE id BETWEEN %(first)s AND %(last)s;

-- The tests hold it against billing.services.outlook.
INSERT INTO billing_billingstate (subscription_id, customer_id, billed_until, bill_on, review)
SELECT
    subscription.id, customer_id, coalesce(billed_until, starts_on),
    CASE
        WHEN hold_on IS NOT NULL THEN NULL
        WHEN mode = 'postpaid' THEN
            pg_temp.billing_date(starts_on, months, days, billing_day, coalesce(periods, 0) + 1)
        ELSE coalesce(billed_until, starts_on)
    END,
    ''
FROM demo_subscription subscription
JOIN demo_plan plan ON plan.id = plan_id
LEFT JOIN demo_billed billed ON billed.subscription_id = subscription.id
WHERE subscription.id BETWEEN %(first)s AND %(last)s;
