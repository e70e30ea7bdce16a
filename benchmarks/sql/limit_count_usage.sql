-- Count all that is marked, in one statement. It knows that all plans bill by the month from the anchor, which is no
-- later than the 28th, that nobody ends, and that nobody is blocked.
WITH reported AS (
    UPDATE billing_usageday SET is_uncounted = false WHERE is_uncounted RETURNING subscription_id
), period AS (
    SELECT subscription.id, quota_gb, start::date AS first, (start + interval '1 month')::date AS last
    FROM reported
    JOIN billing_subscription subscription ON subscription.id = reported.subscription_id
    JOIN billing_plan plan ON plan.id = subscription.plan_id
    CROSS JOIN LATERAL (
        SELECT date_trunc('month', %(today)s::date) + (extract(day FROM anchor) - 1) * interval '1 day' AS start
    ) AS begins
)
INSERT INTO billing_datause AS kept (subscription_id, period_start, period_end, used_bytes, is_over)
SELECT period.id, first, last, sum(download_bytes + upload_bytes), sum(download_bytes + upload_bytes) >= min(quota_gb) * 1e9
FROM period JOIN billing_usageday day ON day.subscription_id = period.id AND day.day >= first AND day.day < last
GROUP BY period.id, first, last
ON CONFLICT (subscription_id) DO UPDATE SET
    period_start = excluded.period_start, period_end = excluded.period_end, used_bytes = excluded.used_bytes,
    is_over = excluded.is_over
