"""PostgreSQL adds up what the runs of each job come to, so that the sums outlive the rows."""

from django.db import migrations

COUNT = """
CREATE FUNCTION utils_count_jobruns(runs bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    bounds CONSTANT float8[] := '{0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600}';
BEGIN
    INSERT INTO utils_jobtotal AS total (job_id, succeeded, failed, interrupted, rows, seconds, durations)
    SELECT
        job_id, count(*) FILTER (WHERE result = 'succeeded'), count(*) FILTER (WHERE result = 'failed'),
        count(*) FILTER (WHERE result = 'interrupted'), coalesce(sum(rows), 0), coalesce(sum(took), 0),
        ARRAY(
            SELECT count(*) FILTER (WHERE place = number)
            FROM generate_series(0, cardinality(bounds)) number LEFT JOIN unnest(array_agg(place)) place ON true
            GROUP BY number ORDER BY number
        )
    FROM utils_jobrun
    CROSS JOIN LATERAL (
        SELECT CASE WHEN result <> 'interrupted' THEN
            greatest(extract(epoch FROM ended_at - started_at), 0)::float8
        END
    ) AS timed (took)
    CROSS JOIN LATERAL (
        SELECT CASE WHEN took IS NOT NULL THEN (SELECT count(*) FROM unnest(bounds) bound WHERE bound < took) END
    ) AS placed (place)
    WHERE id = ANY(runs)
    GROUP BY job_id ORDER BY job_id
    ON CONFLICT (job_id) DO UPDATE SET
        succeeded = total.succeeded + EXCLUDED.succeeded,
        failed = total.failed + EXCLUDED.failed,
        interrupted = total.interrupted + EXCLUDED.interrupted,
        rows = total.rows + EXCLUDED.rows,
        seconds = total.seconds + EXCLUDED.seconds,
        durations = ARRAY(
            SELECT before + more
            FROM unnest(total.durations, EXCLUDED.durations) WITH ORDINALITY AS both_of (before, more, number)
            ORDER BY number
        );
END $$;

CREATE FUNCTION utils_jobruns_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM utils_count_jobruns(ids) FROM (
        SELECT array_agg(id) AS ids FROM now_so WHERE ended_at IS NOT NULL
    ) AS ended WHERE ids IS NOT NULL;
    RETURN NULL;
END $$;

CREATE FUNCTION utils_jobruns_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM utils_count_jobruns(ids) FROM (
        SELECT array_agg(id) AS ids FROM now_so JOIN before_so USING (id)
        WHERE before_so.ended_at IS NULL AND now_so.ended_at IS NOT NULL
    ) AS ended WHERE ids IS NOT NULL;
    RETURN NULL;
END $$;

CREATE TRIGGER jobruns_inserted AFTER INSERT ON utils_jobrun
REFERENCING NEW TABLE AS now_so FOR EACH STATEMENT EXECUTE FUNCTION utils_jobruns_inserted();

CREATE TRIGGER jobruns_updated AFTER UPDATE ON utils_jobrun
REFERENCING OLD TABLE AS before_so NEW TABLE AS now_so FOR EACH STATEMENT EXECUTE FUNCTION utils_jobruns_updated();
"""
FORGET = """
DROP TRIGGER jobruns_updated ON utils_jobrun;
DROP TRIGGER jobruns_inserted ON utils_jobrun;
DROP FUNCTION utils_jobruns_updated();
DROP FUNCTION utils_jobruns_inserted();
DROP FUNCTION utils_count_jobruns(bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("utils", "0001_initial")]
    operations = [migrations.RunSQL(COUNT, FORGET)]
