INSERT INTO auth_user (
    id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined
)
SELECT id, '', false, 'user' || id, 'User', id::text, 'user' || id || '@example.net', false, true, '2020-01-01'
FROM generate_series(1, %(size)s) AS id;
INSERT INTO auth_group (id, name) VALUES (1, 'Home 50');
INSERT INTO auth_user_groups (user_id, group_id) SELECT id, 1 FROM auth_user ORDER BY id;
WITH plan AS (
    INSERT INTO subscriptions_subscriptionplan (id, plan_name, plan_description, grace_period, group_id, slug)
    VALUES (gen_random_uuid(), 'Home 50', '', 0, 1, 'home') RETURNING id
)
INSERT INTO subscriptions_plancost (id, recurrence_period, cost, plan_id, recurrence_unit, slug)
SELECT gen_random_uuid(), 1, 29.90, id, '3', 'home-monthly' FROM plan;
INSERT INTO subscriptions_usersubscription (
    id, user_id, subscription_id, date_billing_start, date_billing_end, date_billing_next, active, cancelled
)
SELECT
    gen_random_uuid(), auth_user.id, cost.id, '2020-01-01',
    CASE WHEN mod(auth_user.id, %(every)s) = 0 AND auth_user.id <= %(every)s * %(sample)s THEN '2025-01-01' END::timestamptz,
    '2999-01-01', true, false
FROM auth_user CROSS JOIN subscriptions_plancost cost ORDER BY auth_user.id;
