-- Cut all who are due, in one statement. It knows that nobody has two open bills.
WITH run AS (
    INSERT INTO billing_sweeprun (as_of, started_at, ended_at, status, looked_at, disabled, skipped, set_aside)
    SELECT %(now)s, now(), now(), 'done', count(*), count(*), 0, 0
    FROM billing_accessstate WHERE is_on AND cut_off_at <= %(now)s
    RETURNING id
), cut AS (
    UPDATE billing_accessstate state SET is_on = false, version = version + 1
    FROM billing_subscription subscription
    JOIN billing_bill bill ON bill.customer_id = subscription.customer_id AND bill.status = 'open'
    WHERE state.is_on AND state.cut_off_at <= %(now)s AND subscription.id = state.subscription_id
    RETURNING state.subscription_id, bill.id AS bill_id
), block AS (
    INSERT INTO billing_block (subscription_id, reason, bill_id, opened_at, note)
    SELECT subscription_id, 'unpaid', bill_id, %(now)s, '' FROM cut
)
INSERT INTO billing_accessevent (subscription_id, at, change, reason, rule, bill_id, run_id, was_on, is_on)
SELECT subscription_id, %(now)s, 'blocked', 'unpaid', 'E1', bill_id, run.id, true, false FROM cut CROSS JOIN run
