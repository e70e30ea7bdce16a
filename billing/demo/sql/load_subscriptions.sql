INSERT INTO billing_subscription (id, customer_id, plan_id, login, starts_on, anchor, created_at)
SELECT
    subscription.id, customer_id, plan_id,
    lower(code) || CASE place WHEN 1 THEN '' ELSE '-' || place END,
    starts_on, starts_on, least(day.begins + interval '45 minutes', %(now)s)
FROM demo_subscription subscription
JOIN billing_customer customer ON customer.id = customer_id
JOIN demo_day day ON day.day = starts_on
WHERE subscription.id BETWEEN %(first)s AND %(last)s;

INSERT INTO billing_discount (subscription_id, description, percent, starts_on, ends_on, created_at)
SELECT
    subscription.id, %(discount)s, discount_percent, starts_on, discount_ends_on,
    least(day.begins + interval '45 minutes', %(now)s)
FROM demo_subscription subscription
JOIN demo_day day ON day.day = starts_on
WHERE discount_percent IS NOT NULL AND subscription.id BETWEEN %(first)s AND %(last)s
ORDER BY subscription.id;
