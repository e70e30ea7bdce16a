CREATE TEMP TABLE demo_hold ON COMMIT DROP AS
SELECT
    id,
    least(%(now)s, greatest(
        day.begins + interval '50 minutes', %(now)s - make_interval(hours => 30 + pg_temp.pick(id, 8, 400))
    )) AS at
FROM demo_subscription
JOIN demo_day day ON day.day = starts_on
WHERE profile = 'on hold';

INSERT INTO billing_block (subscription_id, reason, opened_at, note)
SELECT id, 'hold', at, 'Away for some weeks' FROM demo_hold ORDER BY at, id;

INSERT INTO billing_accessevent (subscription_id, at, change, reason, rule, actor_id, was_on, is_on)
SELECT id, at, 'blocked', 'hold', 'E6', %(admin)s, true, false FROM demo_hold ORDER BY at, id;
