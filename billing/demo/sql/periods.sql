-- Every period that is due for billing by today: prepaid ones at their start, postpaid ones at
-- their end (rule B2), with the dates and amounts of its bill (rules B3, M3, M4, B5).
CREATE TEMP VIEW demo_period AS
SELECT
    subscription.id AS subscription_id, customer_id, profile, steered_on, steered_at, price, due_days,
    n, subscription.id * 1000 + n AS key,
    begins_on, ends_before, issued_on, issued_on + due_days AS due_on,
    cut_off.begins AS cut_off_at,
    issue.begins AS issue_day_at, least(issue.begins + interval '1 hour', %(now)s) AS issued_at,
    round(price * terms.days / full_days, %(decimals)s) - amount AS discount,
    amount, coalesce(tax, 0) AS tax, installation,
    amount + CASE WHEN tax_inclusive THEN 0 ELSE coalesce(tax, 0) END + installation AS total,
    tax IS NOT NULL AS is_taxed
FROM demo_subscription subscription
JOIN demo_plan plan ON plan.id = subscription.plan_id
-- No month is shorter than 28 days: no more periods than this can have begun.
CROSS JOIN LATERAL generate_series(0, (%(today)s::date - starts_on) / greatest(days, months * 28) + 1) AS n
CROSS JOIN LATERAL (
    SELECT
        pg_temp.billing_date(starts_on, months, days, billing_day, n),
        pg_temp.billing_date(starts_on, months, days, billing_day, n + 1)
) AS dates (full_from, ends_before)
CROSS JOIN LATERAL (SELECT greatest(full_from, starts_on)) AS period (begins_on)
CROSS JOIN LATERAL (SELECT CASE mode WHEN 'postpaid' THEN ends_before ELSE begins_on END) AS bill (issued_on)
JOIN demo_day issue ON issue.day = issued_on
JOIN demo_day cut_off ON cut_off.day = issued_on + due_days + grace_days + 1
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN begins_on < coalesce(discount_ends_on, 'infinity') THEN coalesce(discount_percent, 0) ELSE 0 END,
        (ends_before - begins_on)::numeric, ends_before - full_from,
        CASE WHEN n = 0 THEN %(installation)s ELSE 0 END
) AS terms (percent_off, days, full_days, installation)
CROSS JOIN LATERAL (
    SELECT round((price - round(price * percent_off / 100, %(decimals)s)) * terms.days / full_days, %(decimals)s)
) AS charged (amount)
CROSS JOIN LATERAL (
    SELECT round(
        amount * tax_percent / CASE WHEN tax_inclusive THEN 100 + tax_percent ELSE 100 END, %(decimals)s
    )
) AS taxed (tax)
WHERE issued_on <= %(today)s AND begins_on < coalesce(hold_on, 'infinity');

-- When the customer would pay each of these bills; infinity when not at all.
CREATE TEMP VIEW demo_habit AS
SELECT
    *,
    CASE
        WHEN issued_on > steered_on THEN 'infinity'
        WHEN issued_on = steered_on AND NOT pays_a_part THEN 'infinity'
        WHEN issued_on = steered_on THEN issued_at + (%(now)s - issued_at) / 3
        WHEN issued_on < steered_on THEN least(in_time, steered_at - interval '9 hours')
        WHEN profile = 'with credit' THEN least(issued_at + make_interval(mins => pg_temp.pick(key, 5, 600)), %(now)s)
        WHEN cut_off_at <= %(now)s AND pg_temp.pick(key, 4, 25) = 0 THEN too_late
        ELSE in_time
    END AS pays_at
FROM demo_period
CROSS JOIN LATERAL (
    SELECT
        -- From 08:00 to 18:59 of any day up to the due day.
        issue_day_at + make_interval(days => pg_temp.pick(key, 1, due_days + 1), mins => 480 + pg_temp.pick(key, 2, 660)),
        -- Within three days after it.
        cut_off_at + (least(cut_off_at + interval '3 days', %(now)s) - cut_off_at) * pg_temp.pick(key, 3, 100) / 100,
        profile = 'partly paid' OR (profile = 'overdue by days' AND mod(customer_id, 5) = 0)
) AS habit (in_time, too_late, pays_a_part);

CREATE TEMP TABLE demo_unnumbered_bill (
    subscription_id bigint NOT NULL,
    customer_id bigint NOT NULL,
    n integer NOT NULL,
    begins_on date NOT NULL,
    ends_before date NOT NULL,
    issued_on date NOT NULL,
    issued_at timestamptz NOT NULL,
    due_on date NOT NULL,
    cut_off_at timestamptz NOT NULL,
    discount numeric(14, 3) NOT NULL,
    amount numeric(14, 3) NOT NULL,
    tax numeric(14, 3) NOT NULL,
    installation numeric(14, 3) NOT NULL,
    total numeric(14, 3) NOT NULL,
    credited numeric(14, 3) NOT NULL,
    paid numeric(14, 3) NOT NULL,
    credit numeric(14, 3) NOT NULL,
    received_at timestamptz NOT NULL
) ON COMMIT DROP;
