-- A gigabyte on each of the last days, the newest of which is not counted yet.
INSERT INTO billing_usageday (subscription_id, day, download_bytes, upload_bytes, is_uncounted)
SELECT id, %(today)s::date - ago, 900000000, 100000000, ago = 0
FROM billing_subscription CROSS JOIN generate_series(0, %(days)s - 1) AS ago
WHERE id <= %(count)s ORDER BY id, ago DESC
