-- The log of sign-ins as it is after a while: a row of each login.
INSERT INTO billing_loginattempt
    (login, result, count, first_at, last_at, reason, calling_station, router_address)
SELECT login, CASE WHEN is_on THEN 'accepted' ELSE 'refused' END, 1, now(), now(), '', '', '127.0.0.1'
FROM billing_subscription JOIN billing_accessstate ON subscription_id = id;
