INSERT INTO billing_customer (
    id, code, name, phone, email, address, tax_id, bill_per_subscription, area_id, created_at
)
SELECT
    customer.id,
    pg_temp.printed(%(customer_prefix)s, customer.id, day),
    first_name || ' ' || last_name,
    '555-' || lpad(pg_temp.pick(customer.id, 3, 10000000)::text, 7, '0'),
    CASE WHEN pg_temp.pick(customer.id, 4, 5) > 0 THEN
        translate(lower(first_name || '.' || last_name), 'áéíóúüë', 'aeiouue') || customer.id || '@example.org'
    ELSE '' END,
    1 + pg_temp.pick(customer.id, 5, 180) || ' ' || (%(streets)s)[1 + pg_temp.pick(customer.id, 6, cardinality(%(streets)s))]
        || ', ' || area.name,
    '', false, area.id,
    least(day.begins + interval '30 minutes', %(now)s)
FROM demo_customer customer
CROSS JOIN LATERAL (
    SELECT
        (%(first_names)s)[1 + pg_temp.pick(customer.id, 1, cardinality(%(first_names)s))],
        (%(last_names)s)[1 + pg_temp.pick(customer.id, 2, cardinality(%(last_names)s))],
        (%(areas)s)[1 + pg_temp.pick(customer.id, 7, cardinality(%(areas)s))]
) AS drawn (first_name, last_name, area_name)
JOIN billing_area area ON area.name = area_name
JOIN demo_subscription first ON first.customer_id = customer.id AND place = 1
JOIN demo_day day ON day.day = first.starts_on
WHERE customer.id BETWEEN %(first)s AND %(last)s;
