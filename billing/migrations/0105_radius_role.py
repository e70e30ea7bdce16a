"""Who may call what: servers call five functions and see no table. The role belongs to the whole cluster."""

from django.db import migrations

CALLED_BY_SERVERS = (
    "radius.answer(text), radius.router_secret(text), radius.router_requires_ma(text), "
    "radius.post_auth(text, text, text, text, text), "
    f"radius.accounting({', '.join(['text'] * 16)})"
)
# Two databases of one cluster may be migrated at once.
GRANTS = f"""
REVOKE ALL ON SCHEMA radius FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA radius FROM PUBLIC;
CREATE FUNCTION radius.grant_role() RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'isp_radius') THEN
        BEGIN
            CREATE ROLE isp_radius NOLOGIN;
        EXCEPTION
            WHEN duplicate_object OR unique_violation THEN
                NULL;
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'The role isp_radius is missing and % may not create it. To use RADIUS, see '
                    'docs/network.md.', current_user;
                RETURN false;
        END;
    END IF;
    GRANT USAGE ON SCHEMA radius TO isp_radius;
    GRANT EXECUTE ON FUNCTION {CALLED_BY_SERVERS} TO isp_radius;
    RETURN true;
END $$;
REVOKE ALL ON FUNCTION radius.grant_role FROM PUBLIC;
SELECT radius.grant_role();
"""  # noqa: S608  (names of ours)


class Migration(migrations.Migration):
    dependencies = [("billing", "0104_radius_accounting")]

    operations = [migrations.RunSQL(GRANTS, "DROP FUNCTION radius.grant_role;")]
