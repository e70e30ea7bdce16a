-- Look whether anybody is due and record that nobody is, in one statement; such a record need not wait for the disk.
INSERT INTO billing_sweeprun (as_of, started_at, ended_at, status, looked_at, disabled, skipped, set_aside)
SELECT %(now)s, now(), now(), 'done', 0, 0, 0, 0
FROM set_config('synchronous_commit', 'off', true)
WHERE NOT EXISTS (SELECT FROM billing_accessstate WHERE is_on AND cut_off_at <= %(now)s)
