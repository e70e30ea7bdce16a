"""PostgreSQL adds up what the runs of each job come to, so that the sums outlive the rows."""

from django.db import migrations

COUNT = """
CREATE FUNCTION utils_count_jobrun() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    bounds CONSTANT float8[] := '{0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600}';
    whole CONSTANT boolean := NEW.result <> 'interrupted';
    took CONSTANT float8 := greatest(extract(epoch FROM NEW.ended_at - NEW.started_at), 0);
    place CONSTANT int := (SELECT count(*) FROM unnest(bounds) bound WHERE bound < took);
    counted CONSTANT bigint[] := (
        SELECT array_agg((whole AND number = place)::int ORDER BY number)
        FROM generate_series(0, cardinality(bounds)) number
    );
BEGIN
    INSERT INTO utils_jobtotal AS total (job_id, succeeded, failed, interrupted, rows, seconds, durations)
    VALUES (
        NEW.job_id, (NEW.result = 'succeeded')::int, (NEW.result = 'failed')::int,
        (NEW.result = 'interrupted')::int, coalesce(NEW.rows, 0), CASE WHEN whole THEN took ELSE 0 END, counted
    )
    ON CONFLICT (job_id) DO UPDATE SET
        succeeded = total.succeeded + EXCLUDED.succeeded,
        failed = total.failed + EXCLUDED.failed,
        interrupted = total.interrupted + EXCLUDED.interrupted,
        rows = total.rows + EXCLUDED.rows,
        seconds = total.seconds + EXCLUDED.seconds,
        durations = (
            SELECT array_agg(before + more ORDER BY number)
            FROM unnest(total.durations, EXCLUDED.durations) WITH ORDINALITY AS both_of (before, more, number)
        );
    RETURN NULL;
END $$;

CREATE TRIGGER jobrun_begun_and_ended AFTER INSERT ON utils_jobrun
FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL) EXECUTE FUNCTION utils_count_jobrun();

CREATE TRIGGER jobrun_ended AFTER UPDATE OF ended_at ON utils_jobrun
FOR EACH ROW WHEN (OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL) EXECUTE FUNCTION utils_count_jobrun();
"""
FORGET = """
DROP TRIGGER jobrun_ended ON utils_jobrun;
DROP TRIGGER jobrun_begun_and_ended ON utils_jobrun;
DROP FUNCTION utils_count_jobrun();
"""


class Migration(migrations.Migration):
    dependencies = [("utils", "0001_initial")]
    operations = [migrations.RunSQL(COUNT, FORGET)]
