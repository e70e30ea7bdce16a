INSERT INTO auth_user (
    id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined
)
SELECT id, '', false, 'user' || id, 'User', id::text, 'user' || id || '@example.net', false, true, '2020-01-01'
FROM generate_series(1, %(size)s) AS id;
INSERT INTO plans_plan (id, "order", name, description, available, visible, url, slug)
VALUES (1, 1, 'Home 50', '', true, true, '', 'home');
INSERT INTO plans_userplan (user_id, plan_id, active, expire)
SELECT id, 1, true, CASE WHEN mod(id, %(every)s) = 0 AND id <= %(every)s * %(sample)s THEN '2025-01-01' ELSE '2999-01-01' END::date
FROM auth_user ORDER BY id;
