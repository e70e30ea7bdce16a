-- The tables of FreeRADIUS as it ships them, filled with what the others are asked for.
CREATE TABLE stock_radcheck (
    id serial PRIMARY KEY, username text NOT NULL, attribute text NOT NULL, op varchar(2) NOT NULL, value text NOT NULL
);
CREATE TABLE stock_radreply (LIKE stock_radcheck INCLUDING ALL);
CREATE TABLE stock_radusergroup (
    id serial PRIMARY KEY, username text NOT NULL, groupname text NOT NULL, priority integer NOT NULL DEFAULT 0
);
CREATE TABLE stock_radpostauth (
    id bigserial PRIMARY KEY, username text NOT NULL, pass text, reply text, calledstationid text,
    callingstationid text, authdate timestamptz NOT NULL DEFAULT now()
);
INSERT INTO stock_radcheck (username, attribute, op, value)
SELECT login, 'Cleartext-Password', ':=', %(password)s FROM billing_subscription ORDER BY id;
INSERT INTO stock_radcheck (username, attribute, op, value)
SELECT login, 'Auth-Type', ':=', 'Reject' FROM billing_subscription WHERE mod(id, 20) = 0;
INSERT INTO stock_radreply (username, attribute, op, value)
SELECT login, attribute, ':=', value FROM billing_subscription CROSS JOIN (VALUES
    ('Framed-Pool', 'homes'), ('Mikrotik-Rate-Limit', '10000k/50000k'), ('Acct-Interim-Interval', '300'),
    ('Class', '1:aaaaaaaa-bbbb')
) AS item (attribute, value)
ORDER BY billing_subscription.id;
CREATE INDEX stock_radcheck_username ON stock_radcheck (username, attribute);
CREATE INDEX stock_radreply_username ON stock_radreply (username, attribute);
CREATE INDEX stock_radusergroup_username ON stock_radusergroup (username);
