-- The bills of some subscriptions, with what has been credited and paid of them by now.
INSERT INTO demo_unnumbered_bill
SELECT
    subscription_id, customer_id, n, begins_on, ends_before, issued_on, issued_at, due_on, cut_off_at,
    discount, amount, tax, installation, total, credited,
    CASE
        WHEN received_at > %(now)s THEN 0
        WHEN issued_on = steered_on THEN round(total / 2, %(decimals)s)
        ELSE total - credited
    END,
    CASE WHEN profile = 'with credit' AND is_newest THEN price * (1 + mod(customer_id, 2)) ELSE 0 END,
    received_at
FROM (
    SELECT
        *,
        -- Nobody pays a bill before an older one (rule M6).
        max(pays_at) OVER (PARTITION BY subscription_id ORDER BY n) AS received_at,
        n = max(n) OVER (PARTITION BY subscription_id) AS is_newest
    FROM demo_habit
    WHERE subscription_id BETWEEN %(first)s AND %(last)s
) AS paid
CROSS JOIN LATERAL (
    -- One in 150 complains and gets a tenth off when paying.
    SELECT CASE WHEN profile = 'ordinary' AND NOT is_taxed AND received_at <= %(now)s AND pg_temp.pick(key, 6, 150) = 0
        THEN round(amount / 10, %(decimals)s) ELSE 0 END
) AS note (credited);
