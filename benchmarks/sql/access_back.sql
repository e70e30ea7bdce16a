-- Before each round those who were cut are on again.
UPDATE billing_accessstate state SET is_on = true, version = version - 1
FROM billing_block block
WHERE block.subscription_id = state.subscription_id AND block.opened_at = %(now)s AND NOT is_on;
DELETE FROM billing_block WHERE opened_at = %(now)s;
DELETE FROM billing_accessevent WHERE at = %(now)s;
