"""Every change of master data is written down by PostgreSQL, whoever makes it, and can never be edited."""

from django.db import migrations

# Who and from where comes from the setting billing.origin of the session (utils/origin.py). Without one the
# change was made past the application: then it is the user of the database.
ENTRY = """
CREATE FUNCTION billing_audit(
    kind text, object_type text, object_id text, object_name text, said text, before jsonb, after jsonb
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    origin jsonb := nullif(current_setting('billing.origin', true), '')::jsonb;
BEGIN
    INSERT INTO billing_auditentry
        (at, kind, actor_id, door, place, address, object_type, object_id, object_name, said, before, after)
    VALUES (
        clock_timestamp(), kind, (origin ->> 'actor')::integer, coalesce(origin ->> 'door', 'database'),
        coalesce(origin ->> 'place', left(concat_ws(', ', session_user, current_setting('application_name')), 200)),
        CASE WHEN origin IS NULL THEN inet_client_addr() ELSE (origin ->> 'address')::inet END,
        object_type, coalesce(object_id, ''), left(coalesce(object_name, ''), 200), left(said, 500), before, after
    );
END $$;

CREATE FUNCTION billing_audit_masked(found jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_object_agg(
        key, CASE WHEN key ~ '(password|secret|token)' AND value <> 'null' THEN '"(hidden)"' ELSE value END
    ) FROM jsonb_each(found)
$$;
"""

# Arguments: what the object is called, and the columns that tell nothing.
ROWS = """
CREATE FUNCTION billing_audit_row() RETURNS trigger LANGUAGE plpgsql AS $$
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
        TG_ARGV[0], coalesce(named ->> 'id', named ->> 'key'),
        concat_ws(
            ' ', named ->> 'code', named ->> 'login', named ->> 'username', named ->> 'day', named ->> 'name',
            named ->> 'description'
        ),
        '', billing_audit_masked(before), billing_audit_masked(after)
    );
    RETURN NULL;
END $$;
"""

# Memberships count as a change of who has them; one entry for all that a statement adds or removes.
# Arguments: owner's type, table, column here and column of its name; the same three of what it has; a word for those.
LINKS = """
CREATE FUNCTION billing_audit_links() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    owner record;
BEGIN
    FOR owner IN EXECUTE format(
        'SELECT link.%1$I::text AS id, owner.%2$I::text AS name,
            jsonb_build_object(%3$L, jsonb_agg(other.%4$I ORDER BY other.%4$I)) AS names
        FROM linked link JOIN %5$I owner ON owner.id = link.%1$I JOIN %6$I other ON other.id = link.%7$I
        GROUP BY 1, 2 ORDER BY 1',
        TG_ARGV[2], TG_ARGV[3], TG_ARGV[7], TG_ARGV[6], TG_ARGV[1], TG_ARGV[4], TG_ARGV[5]
    ) LOOP
        PERFORM billing_audit(
            'changed', TG_ARGV[0], owner.id, owner.name, '',
            CASE WHEN TG_OP = 'DELETE' THEN owner.names END, CASE WHEN TG_OP = 'INSERT' THEN owner.names END
        );
    END LOOP;
    RETURN NULL;
END $$;
"""

GUARDS = """
CREATE TRIGGER auditentry_is_a_fact BEFORE UPDATE OR DELETE ON billing_auditentry
    FOR EACH ROW EXECUTE FUNCTION billing_refuse();
CREATE TRIGGER auditentry_not_truncated BEFORE TRUNCATE ON billing_auditentry EXECUTE FUNCTION billing_refuse();
"""

# Table, what it is called, columns that are left out.
TABLES = (
    ("billing_area", "billing.area", ""),
    ("billing_customer", "billing.customer", ""),
    ("billing_subscription", "billing.subscription", ""),
    ("billing_plan", "billing.plan", ""),
    ("billing_taxrate", "billing.taxrate", ""),
    ("billing_discount", "billing.discount", ""),
    ("billing_hold", "billing.hold", ""),
    ("billing_scheduledchange", "billing.scheduledchange", ""),
    ("billing_holiday", "billing.holiday", ""),
    ("billing_promise", "billing.promise", ""),
    ("billing_exclusion", "billing.exclusion", ""),
    ("billing_role", "billing.role", "granted"),
    ("auth_user", "auth.user", "last_login"),
    ("auth_group", "auth.group", ""),
)
# Only what staff set up counts, not the counters that run on with every bill and every code.
KEYS = "key,last_t,drift,throttling_failure_count,throttling_failure_timestamp,last_used_at,created_at"
SPECIAL = f"""
CREATE TRIGGER audited AFTER INSERT OR DELETE OR UPDATE OF prefix, digits ON billing_numberseries
    FOR EACH ROW EXECUTE FUNCTION billing_audit_row('billing.numberseries', 'last_value');
CREATE TRIGGER audited_on AFTER INSERT OR UPDATE OF confirmed ON otp_totp_totpdevice
    FOR EACH ROW WHEN (NEW.confirmed) EXECUTE FUNCTION billing_audit_row('otp_totp.totpdevice', '{KEYS}');
CREATE TRIGGER audited_off AFTER DELETE ON otp_totp_totpdevice
    FOR EACH ROW WHEN (OLD.confirmed) EXECUTE FUNCTION billing_audit_row('otp_totp.totpdevice', '{KEYS}');
"""
MEMBERSHIPS = (
    ("auth_user_groups", "'auth.user', 'auth_user', 'user_id', 'username', 'auth_group', 'group_id', 'name', 'groups'"),
    (
        "auth_user_user_permissions",
        "'auth.user', 'auth_user', 'user_id', 'username', 'auth_permission', 'permission_id', 'codename', 'permissions'",
    ),
    (
        "auth_group_permissions",
        "'auth.group', 'auth_group', 'group_id', 'name', 'auth_permission', 'permission_id', 'codename', 'permissions'",
    ),
)


def row_trigger(table, name, left_out):
    return f"""
        CREATE TRIGGER audited AFTER INSERT OR UPDATE OR DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION billing_audit_row('{name}', '{left_out}');
    """


def membership_triggers(table, arguments):
    return f"""
        CREATE TRIGGER audited_added AFTER INSERT ON {table} REFERENCING NEW TABLE AS linked
            FOR EACH STATEMENT EXECUTE FUNCTION billing_audit_links({arguments});
        CREATE TRIGGER audited_removed AFTER DELETE ON {table} REFERENCING OLD TABLE AS linked
            FOR EACH STATEMENT EXECUTE FUNCTION billing_audit_links({arguments});
    """


TRIGGERS = (
    "".join(row_trigger(*table) for table in TABLES)
    + SPECIAL
    + "".join(membership_triggers(*membership) for membership in MEMBERSHIPS)
)

DROP = """
DROP FUNCTION billing_audit_row, billing_audit_links CASCADE;
DROP FUNCTION billing_audit, billing_audit_masked;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("billing", "0090_audit"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("otp_totp", "0003_add_timestamps"),
    ]

    operations = [
        migrations.RunSQL(ENTRY + ROWS + LINKS + GUARDS + TRIGGERS, DROP),
    ]
