-- Bill the next of those that are due, all in one statement. It knows what the plan is like, that nobody is on hold
-- and that nobody has terms of their own, a discount, a tax, an item or credit; that much it may leave out.
WITH due AS MATERIALIZED (
    SELECT subscription_id, customer_id, billed_until AS first_day
    FROM billing_billingstate
    WHERE review = '' AND bill_on <= %(today)s
    ORDER BY bill_on, customer_id LIMIT %(limit)s
    FOR NO KEY UPDATE
), series AS (
    UPDATE billing_numberseries SET last_value = last_value + (SELECT count(*) FROM due) WHERE key = 'bill'
    RETURNING last_value - (SELECT count(*) FROM due) AS last_before, prefix, digits
), new AS MATERIALIZED (
    SELECT
        nextval('billing_bill_id_seq') AS bill_id, last_before + row_number() OVER () AS sequence, prefix, digits,
        due.subscription_id, due.customer_id, plan_id, plan.name AS plan_name, login, price,
        first_day, (first_day + interval '1 month')::date AS end_day,
        %(today)s::date + plan.due_days AS due_on, (%(today)s::date + plan.due_days + 1)::timestamptz AS cut_off_at,
        customer.code, customer.name, address, tax_id
    FROM due
    JOIN billing_subscription subscription ON subscription.id = due.subscription_id
    JOIN billing_customer customer ON customer.id = due.customer_id
    JOIN billing_plan plan ON plan.id = plan_id
    CROSS JOIN series
), bill AS (
    INSERT INTO billing_bill (
        id, customer_id, status, number, sequence, currency, net, tax, total, allocated, credited,
        issued_at, issued_on, due_on, void_reason,
        customer_code, customer_name, customer_address, customer_tax_id, seller_name, seller_address, seller_tax_id
    )
    SELECT
        bill_id, customer_id, 'open', prefix || lpad(sequence::text, greatest(digits, length(sequence::text)), '0'),
        sequence, 'USD', price, 0, price, 0, 0, %(now)s, %(today)s, due_on, '',
        code, name, address, tax_id, 'ISP Billing', '', ''
    FROM new
), line AS (
    INSERT INTO billing_billline (
        bill_id, kind, subscription_id, plan_id, period, billed_days, description, price, discount, amount, credited,
        tax_name, tax_inclusive, cut_off_at
    )
    SELECT
        bill_id, 'recurring', subscription_id, plan_id, daterange(first_day, end_day), daterange(first_day, end_day),
        plan_name || ', ' || login || ', ' || first_day || ' to ' || end_day - 1, price, 0, price, 0, '', false, cut_off_at
    FROM new
), entry AS (
    INSERT INTO billing_ledgerentry (customer_id, booked_on, booked_at, kind, amount, bill_id)
    SELECT customer_id, %(today)s, %(now)s, 'bill', price, bill_id FROM new
), account AS (
    UPDATE billing_account account SET balance = balance + price FROM new WHERE account.customer_id = new.customer_id
), access AS (
    UPDATE billing_accessstate state SET cut_off_at = new.cut_off_at
    FROM new WHERE state.subscription_id = new.subscription_id
)
UPDATE billing_billingstate state SET billed_until = end_day, bill_on = end_day
FROM new WHERE state.subscription_id = new.subscription_id
