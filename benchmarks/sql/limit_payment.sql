-- Take what a customer owes and bring the subscription back, all in one statement. It knows that there is one bill,
-- one subscription and no other block; that much it may leave out.
WITH bill AS (
    UPDATE billing_bill SET allocated = total, status = 'paid'
    WHERE customer_id = %(customer)s AND status = 'open' RETURNING id, customer_id, total
), series AS (
    UPDATE billing_numberseries SET last_value = last_value + 1 WHERE key = 'receipt'
    RETURNING last_value, prefix || lpad(last_value::text, greatest(digits, length(last_value::text)), '0') AS number
), payment AS (
    INSERT INTO billing_payment (
        customer_id, number, sequence, amount, currency, allocated, returned, method, received_at, received_on, gateway, note
    )
    SELECT customer_id, number, last_value, total, 'USD', total, 0, 'cash', %(now)s, %(today)s, '', ''
    FROM bill CROSS JOIN series RETURNING id, amount
), allocation AS (
    INSERT INTO billing_allocation (payment_id, bill_id, amount, allocated_at)
    SELECT payment.id, bill.id, amount, %(now)s FROM payment CROSS JOIN bill
), entry AS (
    INSERT INTO billing_ledgerentry (customer_id, booked_on, booked_at, kind, amount, payment_id)
    SELECT customer_id, %(today)s, %(now)s, 'payment', -amount, payment.id FROM payment CROSS JOIN bill
), account AS (
    UPDATE billing_account account SET balance = balance - total FROM bill WHERE account.customer_id = bill.customer_id
), state AS (
    UPDATE billing_accessstate state SET cut_off_at = NULL, is_on = true, version = version + 1
    FROM billing_subscription subscription
    WHERE subscription.customer_id = %(customer)s AND state.subscription_id = subscription.id
    RETURNING state.subscription_id
), block AS (
    UPDATE billing_block block SET closed_at = %(now)s
    FROM state WHERE block.subscription_id = state.subscription_id AND reason = 'unpaid' AND closed_at IS NULL
)
INSERT INTO billing_accessevent (subscription_id, at, change, reason, rule, was_on, is_on)
SELECT subscription_id, %(now)s, 'unblocked', 'unpaid', 'E7', false, true FROM state
