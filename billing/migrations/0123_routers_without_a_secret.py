"""A router that has no RADIUS secret is unknown to RADIUS, and no fault."""

from django.db import migrations

LOOK_UP = """
CREATE OR REPLACE FUNCTION radius.router_secret(wanted text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT radius.unseal(secret_sealed) FROM billing_router WHERE address = wanted::inet AND is_active{only}
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0122_network_reviewed")]

    operations = [
        migrations.RunSQL(LOOK_UP.format(only=" AND secret_sealed IS NOT NULL"), LOOK_UP.format(only="")),
    ]
