-- Every day that the demo touches and its first instant in the installation's zone (rule T5), as
-- computed by billing.rules.periods.start_of_day.
CREATE TEMP TABLE demo_day ON COMMIT DROP AS
SELECT day, begins FROM unnest(%(days)s::date[], %(begins)s::timestamptz[]) AS t (day, begins);

-- What is sold, with the terms in force. The shares of 100 subscriptions are added up, the plans of
-- one month from the day of start first, because only these can be steered to have a bill on a given
-- day, and of them the prepaid ones, because only these are put on hold.
CREATE TEMP TABLE demo_plan ON COMMIT DROP AS
SELECT
    plan.id, plan.price, mode, billing_day, terms.*,
    tax.name AS tax_name, tax.percent AS tax_percent, tax.inclusive AS tax_inclusive,
    sum(share) OVER in_order - share AS share_from,
    sum(share) OVER in_order AS share_to
FROM unnest(%(codes)s, %(shares)s) AS offer (code, share)
JOIN billing_plan plan USING (code)
LEFT JOIN billing_taxrate tax ON tax.id = tax_rate_id
CROSS JOIN LATERAL (
    SELECT
        interval_count * CASE interval_unit WHEN 'month' THEN 1 WHEN 'year' THEN 12 ELSE 0 END AS months,
        interval_count * CASE interval_unit WHEN 'day' THEN 1 WHEN 'week' THEN 7 ELSE 0 END AS days,
        coalesce(plan.due_days, %(due_days)s) AS due_days,
        coalesce(plan.grace_days, %(grace_days)s) AS grace_days,
        interval_unit = 'month' AND interval_count = 1 AND billing_day IS NULL AS can_be_steered
) AS terms (months, days, due_days, grace_days, can_be_steered)
WINDOW in_order AS (ORDER BY terms.can_be_steered DESC, mode DESC, plan.id);

ANALYZE demo_day, demo_plan;
