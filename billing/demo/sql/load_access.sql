-- Who is overdue still has access: the first expiry check finds them. Who is on hold has none.
INSERT INTO billing_accessstate (subscription_id, cut_off_at, is_on, version)
SELECT
    subscription.id, cut_off_at, profile <> 'on hold', CASE profile WHEN 'on hold' THEN 1 ELSE 0 END
FROM demo_subscription subscription
LEFT JOIN demo_billed billed ON billed.subscription_id = subscription.id
WHERE subscription.id BETWEEN %(first)s AND %(last)s;
