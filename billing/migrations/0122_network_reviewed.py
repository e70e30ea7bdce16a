"""Who is held is found by an index; a session that was closed as lost comes back as one that begins (rule N3)."""

from django.db import migrations, models

REOPEN = """
CREATE OR REPLACE FUNCTION radius.reopen_session(ended billing_sessionrecord) RETURNS billing_onlinesession
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    session billing_onlinesession;
BEGIN
    DELETE FROM billing_sessionrecord WHERE id = ended.id AND stopped_at = ended.stopped_at;
    INSERT INTO billing_onlinesession (
        unique_id, session_id, subscription_id, login, router_id, nas_address, framed_address, calling_station,
        started_at, updated_at, session_seconds, download_bytes, upload_bytes, policy_class
    ) VALUES (
        ended.unique_id, ended.session_id, ended.subscription_id, ended.login, ended.router_id, ended.nas_address,
        ended.framed_address, ended.calling_station, ended.started_at, ended.updated_at, ended.session_seconds,
        ended.download_bytes, ended.upload_bytes, ended.policy_class
    ) RETURNING * INTO session;{tell}
    RETURN session;
END $$;
"""
# What was decided while it counted as ended has reached nobody.
TELL = """
    IF EXISTS (
        SELECT FROM radius.policy WHERE subscription_id = session.subscription_id
            AND (state = 'off' OR session.policy_class <> '' AND session.policy_class <> class)
    ) THEN
        PERFORM set_config('isp.reason', 'stale-start', true);
        UPDATE billing_accessstate SET version = version + 1 WHERE subscription_id = session.subscription_id;
        PERFORM set_config('isp.reason', '', true);
    END IF;"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0121_data_caps")]

    operations = [
        migrations.AddIndex(
            model_name="networkintent",
            index=models.Index(
                condition=models.Q(("held", ""), _negated=True), fields=["subscription"], name="networkintent_held"
            ),
        ),
        migrations.RunSQL(REOPEN.format(tell=TELL), REOPEN.format(tell="")),
    ]
