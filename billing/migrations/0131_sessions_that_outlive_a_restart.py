"""A session that is heard of after the restart that ended it goes on: it would be neither counted nor ended."""

from importlib import import_module

from django.db import migrations

ORDER = import_module("billing.migrations.0124_one_order_of_locks")
NOTING = import_module("billing.migrations.0129_noting_sign_ins")

FORMER = NOTING.function("take", ORDER.TAKE)
LOST = "ended.cause LIKE 'Lost%' AND"
IS_LOST = """
CREATE FUNCTION radius.is_heard_again(packet radius.packet, ended billing_sessionrecord) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT ended.cause LIKE 'Lost%'
        OR ended.cause = 'NAS-Reboot' AND packet.at > ended.stopped_at + interval '5 seconds'  -- not one under way
$$;
REVOKE ALL ON FUNCTION radius.is_heard_again FROM PUBLIC;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0130_plan_speeds_of_at_least_one")]

    operations = [
        migrations.RunSQL(
            IS_LOST + FORMER.replace(LOST, "radius.is_heard_again(packet, ended) AND"),
            FORMER + "DROP FUNCTION radius.is_heard_again;",
        )
    ]
