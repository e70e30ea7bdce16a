-- Before each round nobody owes anything.
UPDATE billing_bill SET status = 'paid', allocated = total WHERE status = 'open';
UPDATE billing_accessstate SET cut_off_at = NULL WHERE cut_off_at IS NOT NULL;
UPDATE billing_account SET balance = 0 WHERE balance <> 0;
