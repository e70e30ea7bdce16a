INSERT INTO billing_subscription (id, customer_id, plan_id, login, starts_on, next_period, created_at)
SELECT
    subscription.id, customer_id, plan_id,
    lower(pg_temp.printed(%(customer_prefix)s, customer_id)) || CASE place WHEN 1 THEN '' ELSE '-' || place END,
    starts_on, coalesce(billed.periods, 0), least(day.begins + interval '45 minutes', %(now)s)
FROM demo_subscription subscription
JOIN demo_day day ON day.day = starts_on
LEFT JOIN demo_billed billed ON billed.subscription_id = subscription.id
WHERE subscription.id BETWEEN %(first)s AND %(last)s;
