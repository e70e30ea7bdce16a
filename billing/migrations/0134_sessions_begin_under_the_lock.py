"""What a session begins under is read with access locked (decision 53): who is disabled beside it is told of it."""

from importlib import import_module

from django.db import migrations

NETWORK = import_module("billing.migrations.0122_network_reviewed")
NOTING = import_module("billing.migrations.0129_noting_sign_ins")
LATE = import_module("billing.migrations.0133_sessions_first_heard_of_late")

FORMER = LATE.FORMER.replace("now(), 0, 0, 0,", LATE.COUNTERS) + NOTING.function(
    "reopen_session", NETWORK.REOPEN.format(tell=NETWORK.TELL)
)
# Not shared: two that begin at once could neither tell the network then. A server has few threads: one that waits for
# long goes on without the lock, and comparing finds what it missed.
LOCK = """
CREATE FUNCTION radius.lock_access(subscriptions bigint[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp SET lock_timeout = '500ms' AS $$
BEGIN
    PERFORM FROM billing_accessstate WHERE subscription_id = ANY(subscriptions)
    ORDER BY subscription_id FOR NO KEY UPDATE;
EXCEPTION WHEN lock_not_available THEN
    NULL;
END $$;
REVOKE ALL ON FUNCTION radius.lock_access FROM PUBLIC;
"""
READ_POLICY = "    SELECT * INTO policy FROM radius.policy"
TAKE_RECORD = "    DELETE FROM billing_sessionrecord"
OF_LOGIN = """    PERFORM radius.lock_access(ARRAY(
        SELECT id FROM billing_subscription WHERE lower(login) = lower(packet.login) ORDER BY id
    ));
"""
OF_RECORD = "    PERFORM radius.lock_access(ARRAY[ended.subscription_id]);\n"
SQL = LOCK + FORMER.replace(READ_POLICY, OF_LOGIN + READ_POLICY).replace(TAKE_RECORD, OF_RECORD + TAKE_RECORD)


class Migration(migrations.Migration):
    dependencies = [("billing", "0133_sessions_first_heard_of_late")]

    operations = [migrations.RunSQL(SQL, FORMER + "DROP FUNCTION radius.lock_access;")]
