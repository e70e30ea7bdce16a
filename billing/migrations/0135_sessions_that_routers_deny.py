"""A router that says it does not know a session, and goes on reporting it, is listed for staff (decision 49)."""

from importlib import import_module

from django.db import migrations, models

NOTING = import_module("billing.migrations.0129_noting_sign_ins")
LOCKED = import_module("billing.migrations.0134_sessions_begin_under_the_lock")

FORMER = NOTING.function("reopen_session", LOCKED.SQL)
# A report that crossed the answer is no contradiction. The words are added when the network is compared.
NOTE = """
    IF ended.cause = 'Lost-503' AND now() > ended.stopped_at + interval '10 seconds' THEN
        INSERT INTO billing_networkfinding (router_id, kind, login, detail, first_seen_at, last_seen_at)
        VALUES (session.router_id, 'denied', session.login, '', now(), now())
        ON CONFLICT (router_id, kind, login) WHERE resolved_at IS NULL
        DO UPDATE SET last_seen_at = excluded.last_seen_at;
    END IF;
"""
RETURN = "    RETURN session;"


class Migration(migrations.Migration):
    dependencies = [("billing", "0134_sessions_begin_under_the_lock")]

    operations = [
        migrations.AlterField(
            model_name="networkfinding",
            name="kind",
            field=models.CharField(
                choices=[
                    ("unknown-login", "unknown login"),
                    ("local-entry", "entry on the router that bypasses RADIUS"),
                    ("wrong-state", "on or off against what is wanted"),
                    ("wrong-speed", "other speed or address than wanted"),
                    ("wrong-counter", "counter that cannot be"),
                    ("held", "too many disconnects"),
                    ("denied", "session that its router denies"),
                    ("not-counted", "use that cannot be counted"),
                ],
                max_length=16,
            ),
        ),
        migrations.RunSQL(FORMER.replace(RETURN, NOTE + RETURN), FORMER),
    ]
