-- What kind of payer each customer is, in the same shares whatever their number: of 200 customers
-- 16 are overdue and disabled by the first expiry check.
CREATE TEMP TABLE demo_customer ON COMMIT DROP AS
SELECT
    id, slot,
    CASE
        WHEN slot < 10 THEN 'overdue by days'
        WHEN slot < 16 THEN 'overdue by months'
        WHEN slot < 22 THEN 'due today'
        WHEN slot < 28 THEN 'partly paid'
        WHEN slot < 34 THEN 'with credit'
        WHEN slot < 38 THEN 'on hold'
        ELSE 'ordinary'
    END AS profile,
    -- Half came when the provider opened, the others evenly over the year since.
    %(today)s::date - 364 + CASE
        WHEN id * 2 <= %(customers)s THEN id * 60 / %(customers)s
        ELSE 30 + (id * 2 - %(customers)s) * 330 / %(customers)s
    END::integer AS joins_on
FROM (SELECT id, mod(id * 37, 200) AS slot FROM generate_series(1, %(customers)s::bigint) AS id) AS numbered;
