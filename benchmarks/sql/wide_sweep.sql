-- The same outcome on it: off, for which bill, and what the network is to do.
WITH cut AS (
    UPDATE wide_subscription subscription SET status = 'suspended', suspended_at = %(now)s, updated_at = %(now)s
    FROM billing_bill bill
    WHERE subscription.status = 'active' AND expires_at <= %(now)s
        AND bill.customer_id = subscription.customer_id AND bill.status = 'open'
    RETURNING subscription.id, bill.id AS bill_id
), audit AS (
    INSERT INTO wide_audit (subscription_id, bill_id, at, old_status, new_status, reason)
    SELECT id, bill_id, %(now)s, 'active', 'suspended', 'unpaid' FROM cut
)
INSERT INTO wide_intent (subscription_id, action, created_at) SELECT id, 'disconnect', %(now)s FROM cut
