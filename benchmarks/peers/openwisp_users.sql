INSERT INTO openwisp_users_user (
    id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined,
    bio, url, company, location, notes, language, expiration_date
)
SELECT
    gen_random_uuid(), '', false, 'user' || id, 'User', id::text, 'user' || id || '@example.net', false, true, '2020-01-01',
    '', '', '', '', '', 'en',
    CASE WHEN mod(id, %(every)s) = 0 AND id <= %(every)s * %(sample)s THEN '2025-01-01' ELSE '2999-01-01' END::date
FROM generate_series(1, %(size)s) AS id;
