-- Bills in the order of issue and payments in the order of receipt: their place is their number.
CREATE TEMP TABLE demo_bill ON COMMIT DROP AS
SELECT row_number() OVER (ORDER BY issued_on, subscription_id, n) AS id, bill.*
FROM demo_unnumbered_bill bill;

DROP TABLE demo_unnumbered_bill;
ALTER TABLE demo_bill ADD PRIMARY KEY (id);
ANALYZE demo_bill;

CREATE TEMP TABLE demo_payment ON COMMIT DROP AS
SELECT
    row_number() OVER (ORDER BY received_at, id) AS id,
    id AS bill_id, customer_id, paid, credit, received_at,
    ('{cash,cash,cash,bank,bank,card,mobile,mobile}'::text[])[1 + pg_temp.pick(id, 1, 8)] AS method
FROM demo_bill WHERE paid > 0;

ALTER TABLE demo_payment ADD PRIMARY KEY (id);
ANALYZE demo_payment;

CREATE TEMP TABLE demo_credit_note ON COMMIT DROP AS
SELECT
    row_number() OVER (ORDER BY received_at, id) AS id, id AS bill_id, customer_id, credited, received_at AS issued_at
FROM demo_bill WHERE credited > 0;

ALTER TABLE demo_credit_note ADD PRIMARY KEY (id);
ANALYZE demo_credit_note;

-- What each subscription's hot states are made of.
CREATE TEMP TABLE demo_billed ON COMMIT DROP AS
SELECT
    subscription_id, count(*)::integer AS periods, max(ends_before) AS billed_until,
    min(cut_off_at) FILTER (WHERE paid + credited < total) AS cut_off_at
FROM demo_bill GROUP BY subscription_id;

ALTER TABLE demo_billed ADD PRIMARY KEY (subscription_id);
ANALYZE demo_billed;
