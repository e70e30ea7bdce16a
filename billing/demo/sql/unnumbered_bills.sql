-- The bills of some subscriptions, with what has been paid of them by now.
INSERT INTO demo_unnumbered_bill
SELECT
    subscription_id, customer_id, n, begins_on, ends_before, issued_on, issued_at, due_on, cut_off_at,
    amount, installation,
    CASE
        WHEN received_at > %(now)s THEN 0
        WHEN issued_on = steered_on THEN round((amount + installation) / 2, %(decimals)s)
        ELSE amount + installation
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
) AS paid;
