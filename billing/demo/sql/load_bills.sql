WITH issued AS (
    INSERT INTO billing_bill (
        id, customer_id, status, number, sequence, currency, net, tax, total, allocated, credited,
        issued_at, issued_on, due_on, void_reason, customer_code, customer_name, customer_address, customer_tax_id,
        seller_name, seller_address, seller_tax_id
    )
    SELECT
        bill.id, customer_id, CASE WHEN paid + credited = total THEN 'paid' ELSE 'open' END,
        pg_temp.printed(%(bill_prefix)s, bill.id, issued_on), bill.id, %(currency)s,
        total - tax, tax, total, paid + credited, credited,
        issued_at, issued_on, due_on, '', code, name, address, tax_id,
        %(seller_name)s, %(seller_address)s, %(seller_tax_id)s
    FROM demo_bill bill
    JOIN billing_customer customer ON customer.id = customer_id
    WHERE bill.id BETWEEN %(first)s AND %(last)s
    ORDER BY bill.id
    RETURNING id, customer_id, issued_on, issued_at, total
)
INSERT INTO billing_ledgerentry (customer_id, booked_on, booked_at, kind, amount, bill_id)
SELECT customer_id, issued_on, issued_at, 'bill', total, id FROM issued;
