CREATE TEMP TABLE demo_hold ON COMMIT DROP AS
SELECT id, hold_on, begins AS at, 'Away for some weeks' AS note
FROM demo_subscription JOIN demo_day ON day = hold_on;

INSERT INTO billing_hold (subscription_id, days, note, created_at, created_by_id)
SELECT id, daterange(hold_on, NULL), note, at, %(admin)s FROM demo_hold ORDER BY at, id;

INSERT INTO billing_block (subscription_id, reason, opened_at, note)
SELECT id, 'hold', at, note FROM demo_hold ORDER BY at, id;

INSERT INTO billing_accessevent (subscription_id, at, change, reason, rule, actor_id, was_on, is_on)
SELECT id, at, 'blocked', 'hold', 'L3', %(admin)s, true, false FROM demo_hold ORDER BY at, id;
