"""Tables of the network that only PostgreSQL writes, in the form that it writes them best."""

import django.db.models.deletion
from django.db import migrations, models

# By month, because whole months are dropped; what belongs to no month there is goes into the rest.
SESSION_RECORDS = """
CREATE SEQUENCE billing_sessionrecord_id_seq;
CREATE TABLE billing_sessionrecord (
    id bigint NOT NULL DEFAULT nextval('billing_sessionrecord_id_seq'),
    unique_id varchar(64) NOT NULL,
    session_id varchar(64) NOT NULL,
    subscription_id bigint REFERENCES billing_subscription DEFERRABLE INITIALLY DEFERRED,
    login varchar(64) NOT NULL,
    router_id bigint NOT NULL REFERENCES billing_router DEFERRABLE INITIALLY DEFERRED,
    nas_address inet,
    framed_address inet,
    calling_station varchar(64) NOT NULL,
    started_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    session_seconds bigint NOT NULL,
    download_bytes bigint NOT NULL,
    upload_bytes bigint NOT NULL,
    policy_class varchar(64) NOT NULL,
    stopped_at timestamptz NOT NULL,
    cause varchar(40) NOT NULL,
    PRIMARY KEY (id, stopped_at)
) PARTITION BY RANGE (stopped_at);
ALTER SEQUENCE billing_sessionrecord_id_seq OWNED BY billing_sessionrecord.id;
CREATE INDEX sessionrecord_of_subscription ON billing_sessionrecord (subscription_id, stopped_at);
CREATE INDEX sessionrecord_of_unique_id ON billing_sessionrecord (unique_id);
CREATE INDEX sessionrecord_of_router ON billing_sessionrecord (router_id, stopped_at);
CREATE TABLE billing_sessionrecord_rest PARTITION OF billing_sessionrecord DEFAULT;

CREATE FUNCTION billing_session_month(first date) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    name text := 'billing_sessionrecord_' || to_char(first, 'YYYYMM');
    from_at timestamptz := first::timestamp AT TIME ZONE 'UTC';
    until timestamptz := (first + interval '1 month') AT TIME ZONE 'UTC';
BEGIN
    IF to_regclass(name) IS NOT NULL THEN
        RETURN;
    END IF;
    EXECUTE format('CREATE TABLE %I (LIKE billing_sessionrecord INCLUDING DEFAULTS)', name);
    EXECUTE format(
        'WITH moved AS (
            DELETE FROM billing_sessionrecord_rest WHERE stopped_at >= %L AND stopped_at < %L RETURNING *
        ) INSERT INTO %I SELECT * FROM moved', from_at, until, name
    );
    EXECUTE format(
        'ALTER TABLE billing_sessionrecord ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, from_at, until
    );
END $$;
SELECT billing_session_month((date_trunc('month', now() AT TIME ZONE 'UTC') + n * interval '1 month')::date)
FROM generate_series(0, 2) AS n;
"""
DROP_SESSION_RECORDS = "DROP FUNCTION billing_session_month; DROP TABLE billing_sessionrecord;"

# A session is written again and again: there is room for that beside it. What is due is found by its own index.
HOT = """
ALTER TABLE billing_onlinesession SET (fillfactor = 70);
ALTER TABLE billing_usageday SET (fillfactor = 80);
ALTER TABLE billing_loginattempt SET (fillfactor = 70);
ALTER TABLE billing_networkintent SET (fillfactor = 70);
CREATE INDEX networkintent_due ON billing_networkintent (next_attempt_at)
    WHERE applied_version IS DISTINCT FROM wanted_version;
CREATE INDEX subscription_by_lower_login ON billing_subscription (lower(login));
INSERT INTO billing_networkpolicy
    (id, unpaid_access, garden_kbps, garden_pool, garden_address_list, interim_seconds, time_zone)
VALUES (1, 'off', 256, '', 'unpaid', 300, 'UTC');
"""
COLD = """
DROP INDEX subscription_by_lower_login;
DROP INDEX networkintent_due;
"""

# As in 0091, and an account is named by its subscription.
AUDIT = """
CREATE OR REPLACE FUNCTION billing_audit_row() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    left_out text[] := string_to_array(TG_ARGV[1], ',') || 'request_key'::text;
    was jsonb;
    becomes jsonb;
    named jsonb;
    before jsonb;
    after jsonb;
BEGIN
    IF TG_OP <> 'INSERT' THEN
        was := to_jsonb(OLD) - left_out;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        becomes := to_jsonb(NEW) - left_out;
    END IF;
    named := coalesce(becomes, was);
    IF TG_OP = 'UPDATE' THEN
        SELECT jsonb_object_agg(key, value), jsonb_object_agg(key, becomes -> key) INTO before, after
        FROM jsonb_each(was) WHERE value IS DISTINCT FROM becomes -> key;
        IF before IS NULL THEN
            RETURN NULL;
        END IF;
    ELSE
        before := was;
        after := becomes;
    END IF;
    PERFORM billing_audit(
        CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'UPDATE' THEN 'changed' ELSE 'removed' END,
        TG_ARGV[0], coalesce(named ->> 'id', named ->> 'key', named ->> 'subscription_id'),
        concat_ws(
            ' ', named ->> 'code', named ->> 'login', named ->> 'username', named ->> 'day', named ->> 'name',
            named ->> 'description'
        ),
        '', billing_audit_masked(before), billing_audit_masked(after)
    );
    RETURN NULL;
END $$;
CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON billing_router
    FOR EACH ROW EXECUTE FUNCTION billing_audit_row('billing.router', '');
CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON billing_networkaccount
    FOR EACH ROW EXECUTE FUNCTION billing_audit_row('billing.networkaccount', '');
"""
NO_AUDIT = """
DROP TRIGGER audited ON billing_networkaccount;
DROP TRIGGER audited ON billing_router;
"""

SESSION_RECORD = migrations.CreateModel(
    name="SessionRecord",
    fields=[
        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
        ("unique_id", models.CharField(max_length=64)),
        ("session_id", models.CharField(max_length=64)),
        ("login", models.CharField(max_length=64)),
        ("nas_address", models.GenericIPAddressField(null=True)),
        ("framed_address", models.GenericIPAddressField(null=True)),
        ("calling_station", models.CharField(blank=True, max_length=64)),
        ("started_at", models.DateTimeField()),
        ("updated_at", models.DateTimeField()),
        ("session_seconds", models.BigIntegerField(default=0)),
        ("download_bytes", models.BigIntegerField(default=0)),
        ("upload_bytes", models.BigIntegerField(default=0)),
        ("policy_class", models.CharField(blank=True, max_length=64)),
        ("stopped_at", models.DateTimeField()),
        ("cause", models.CharField(blank=True, max_length=40)),
        (
            "router",
            models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="%(class)ss", to="billing.router"
            ),
        ),
        (
            "subscription",
            models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="%(class)ss",
                to="billing.subscription",
            ),
        ),
    ],
    options={"ordering": ["-id"], "abstract": False, "default_permissions": ("view",)},
)


class Migration(migrations.Migration):
    dependencies = [("billing", "0100_network")]

    operations = [
        migrations.RunSQL(SESSION_RECORDS, DROP_SESSION_RECORDS, state_operations=[SESSION_RECORD]),
        migrations.RunSQL(HOT, COLD),
        migrations.RunSQL(AUDIT, NO_AUDIT),
    ]
