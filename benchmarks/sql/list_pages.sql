-- The page of a list as one statement that knows where to look; what stands behind a name is one of them.
-- name: customers first
SELECT customer.*, area.name FROM billing_customer customer LEFT JOIN billing_area area ON area.id = area_id
ORDER BY code LIMIT 50
-- name: customers last
SELECT customer.*, area.name FROM billing_customer customer LEFT JOIN billing_area area ON area.id = area_id
ORDER BY code DESC LIMIT 50
-- name: customers off
SELECT customer.*, area.name FROM billing_customer customer LEFT JOIN billing_area area ON area.id = area_id
WHERE EXISTS (
    SELECT FROM billing_subscription subscription JOIN billing_block block ON block.subscription_id = subscription.id
    WHERE customer_id = customer.id AND reason = 'unpaid' AND closed_at IS NULL
) ORDER BY code LIMIT 50
-- name: customers by code
SELECT * FROM billing_customer WHERE code = %(code)s
-- name: customers by login
SELECT customer.* FROM billing_customer customer JOIN billing_subscription ON customer_id = customer.id
WHERE login = %(login)s
-- name: customers by phone
SELECT * FROM billing_customer WHERE phone = %(phone)s
-- name: customers by name
SELECT * FROM billing_customer WHERE lower(name) LIKE %(name)s || '%%' ORDER BY lower(name) USING ~<~ LIMIT 50
-- name: customers by rare word
SELECT * FROM billing_customer
WHERE to_tsvector('simple'::regconfig, COALESCE(name, '')) @@ to_tsquery('simple', %(word)s || ':*') LIMIT 50
-- name: bills first
SELECT bill.*, customer.code, customer.name FROM billing_bill bill JOIN billing_customer customer ON customer.id = customer_id
ORDER BY bill.id DESC LIMIT 50
-- name: bills last
SELECT bill.*, customer.code, customer.name FROM billing_bill bill JOIN billing_customer customer ON customer.id = customer_id
ORDER BY bill.id LIMIT 50
-- name: bills void
SELECT bill.*, customer.code, customer.name FROM billing_bill bill JOIN billing_customer customer ON customer.id = customer_id
WHERE status = 'void' ORDER BY bill.id DESC LIMIT 50
-- name: bills of a year by date
SELECT bill.*, customer.code, customer.name FROM billing_bill bill JOIN billing_customer customer ON customer.id = customer_id
WHERE issued_on >= '2026-01-01' AND issued_on < '2027-01-01' ORDER BY issued_on, bill.id LIMIT 50
-- name: bills by number
SELECT bill.*, customer.code, customer.name FROM billing_bill bill JOIN billing_customer customer ON customer.id = customer_id
WHERE number = %(number)s
-- name: bills by login
SELECT bill.*, customer.code, customer.name FROM billing_bill bill JOIN billing_customer customer ON customer.id = customer_id
WHERE customer_id = (SELECT customer_id FROM billing_subscription WHERE login = %(login)s) ORDER BY bill.id DESC LIMIT 50
-- name: bills by rare word
SELECT bill.*, customer.code, customer.name FROM billing_bill bill JOIN billing_customer customer ON customer.id = customer_id
WHERE customer_id IN (
    SELECT id FROM billing_customer
    WHERE to_tsvector('simple'::regconfig, COALESCE(name, '')) @@ to_tsquery('simple', %(word)s || ':*')
) ORDER BY bill.id DESC LIMIT 50
