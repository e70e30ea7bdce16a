"""What was used long before a session was heard of is not counted: another server was told, or another address."""

from importlib import import_module

from django.db import migrations

NOTING = import_module("billing.migrations.0129_noting_sign_ins")
LOGINS = import_module("billing.migrations.0132_logins_as_routers_have_them")

FORMER = NOTING.function("begin_session", LOGINS.FORMER).replace("= packet.login", "= lower(packet.login)")
# A start and some reports may be lost; a session that was silent for longer was not ours to count.
BEFORE = """
CREATE FUNCTION radius.counted_before(packet radius.packet, counter bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT CASE
        WHEN packet.kind <> 'Start' AND radius.is_believable(counter, 0, packet.seconds)
            AND packet.seconds > 3 * (SELECT interim_seconds FROM billing_networkpolicy WHERE id = 1)
        THEN coalesce(counter, 0) ELSE 0
    END
$$;
REVOKE ALL ON FUNCTION radius.counted_before FROM PUBLIC;
"""
COUNTERS = "now(), 0, radius.counted_before(packet, packet.download), radius.counted_before(packet, packet.upload),"


class Migration(migrations.Migration):
    dependencies = [("billing", "0132_logins_as_routers_have_them")]

    operations = [
        migrations.RunSQL(
            BEFORE + FORMER.replace("now(), 0, 0, 0,", COUNTERS), FORMER + "DROP FUNCTION radius.counted_before;"
        )
    ]
