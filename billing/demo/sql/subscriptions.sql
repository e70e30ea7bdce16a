-- The subscriptions and what steers their payments. Those of the special profiles get a bill on
-- the day steered_on, the first one that is not paid in full.
CREATE TEMP TABLE demo_subscription ON COMMIT DROP AS
WITH wanted AS (
    SELECT
        customer.id AS customer_id, place, joins_on, customer.id * 2 + place AS key,
        CASE WHEN place = 1 THEN profile ELSE 'ordinary' END AS profile
    FROM demo_customer customer CROSS JOIN generate_series(1, 2) AS place
    -- One in 13 has a second service, and two in 200 one that is paid beside one that is overdue.
    WHERE place = 1 OR (profile = 'ordinary' AND mod(slot, 13) = 5) OR slot IN (3, 7)
), drawn AS (
    SELECT
        *, pg_temp.pick(key, 1, CASE profile
            WHEN 'ordinary' THEN (SELECT max(share_to) FROM demo_plan)
            WHEN 'on hold' THEN (SELECT max(share_to) FROM demo_plan WHERE can_be_steered AND mode = 'prepaid')
            ELSE (SELECT max(share_to) FROM demo_plan WHERE can_be_steered)
        END::integer) AS share
    FROM wanted
), planned AS (
    SELECT
        drawn.*, plan.id AS plan_id,
        CASE profile
            WHEN 'overdue by days' THEN %(today)s::date - due_days - grace_days - 1 - pg_temp.pick(key, 2, 9)
            WHEN 'overdue by months' THEN %(today)s::date - due_days - grace_days - 35 - pg_temp.pick(key, 2, 65)
            WHEN 'due today' THEN %(today)s::date - due_days
            WHEN 'partly paid' THEN %(today)s::date - pg_temp.pick(key, 2, due_days + 1)
        END AS steered_on
    FROM drawn JOIN demo_plan plan ON share >= share_from AND share < share_to
)
SELECT
    row_number() OVER (ORDER BY customer_id, place) AS id,
    customer_id, place, plan_id, profile, steered_on, steered_day.begins AS steered_at, begins.starts_on,
    -- Nothing is billed from the first day of a hold on (rule L3).
    CASE profile WHEN 'on hold' THEN
        greatest(begins.starts_on + 1, %(today)s::date - 1 - pg_temp.pick(key, 4, 17))
    END AS hold_on,
    -- One in 25 has a discount, half of them for six months.
    CASE WHEN profile = 'ordinary' AND pg_temp.pick(key, 5, 25) = 0 THEN %(discount_percent)s END AS discount_percent,
    CASE WHEN mod(customer_id, 2) = 0 THEN (begins.starts_on + interval '6 months')::date END AS discount_ends_on
FROM planned
LEFT JOIN demo_day steered_day ON steered_day.day = steered_on
LEFT JOIN LATERAL (
    -- The start next to the day of joining from which whole months lead to steered_on exactly:
    -- to the 31st they do so from months of 31 days only.
    SELECT (steered_on - make_interval(months => before))::date AS starts_on
    FROM generate_series(1, 11) AS before
    WHERE steered_on = ((steered_on - make_interval(months => before))::date + make_interval(months => before))::date
    ORDER BY abs(steered_on - joins_on - before * 30), before
    LIMIT 1
) AS start ON steered_on IS NOT NULL
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN steered_on IS NOT NULL THEN start.starts_on
        WHEN place = 2 THEN least(joins_on + 20 + pg_temp.pick(key, 3, 90), %(today)s::date)
        ELSE joins_on
    END
) AS begins (starts_on);

ALTER TABLE demo_subscription ADD PRIMARY KEY (id);
ANALYZE demo_subscription;
