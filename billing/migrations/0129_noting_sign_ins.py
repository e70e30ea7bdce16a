"""An accepted sign-in is noted with less work (decision 54): mostly it has a row, and its router was heard just now."""

from importlib import import_module

from django.db import migrations

FORMER = import_module("billing.migrations.0103_radius_policy")
QUICK = import_module("billing.migrations.0126_quick_sign_ins")


def function(name: str, source: str) -> str:
    """The one of ``source`` that is called ``name``, to take the place of what is there."""
    begin = source.index(f"FUNCTION radius.{name}(")
    return "CREATE OR REPLACE " + source[begin : source.index("$$;", begin)] + "$$;\n"


HEARD = function("heard", FORMER.ROUTERS)
SIGN_IN = function("sign_in", QUICK.SIGN_IN)

# Each connection remembers which routers it has heard in this minute.
POST_AUTH = """
CREATE OR REPLACE FUNCTION radius.post_auth(wanted text, answer text, why text, router text, station text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    heard text := 'isp.heard_' || translate(router, '.:', '__');
BEGIN
    IF current_setting(heard, true) IS DISTINCT FROM to_char(now(), 'DD HH24:MI') THEN
        PERFORM radius.heard(id) FROM billing_router WHERE address = router::inet AND is_active;
        PERFORM set_config(heard, to_char(now(), 'DD HH24:MI'), false);
    END IF;
    UPDATE billing_loginattempt SET
        count = count + 1, last_at = now(), calling_station = left(station, 64), router_address = router::inet
    WHERE answer = 'Access-Accept' AND login = wanted AND result = 'accepted';
    IF NOT FOUND THEN
        INSERT INTO billing_loginattempt AS attempt
            (login, result, count, first_at, last_at, reason, calling_station, router_address)
        VALUES (
            CASE WHEN why = 'unknown login' THEN '?' || router ELSE wanted END,
            CASE WHEN answer = 'Access-Accept' THEN 'accepted' ELSE 'refused' END, 1, now(), now(),
            CASE WHEN answer = 'Access-Accept' THEN '' ELSE left(coalesce(nullif(why, ''), 'wrong password'), 120) END,
            left(station, 64), router::inet
        )
        ON CONFLICT (login, result) DO UPDATE SET
            count = attempt.count + 1, last_at = excluded.last_at, reason = excluded.reason,
            calling_station = excluded.calling_station, router_address = excluded.router_address;
    END IF;
    RETURN true;
END $$;
"""
REFUSED = SIGN_IN.replace(
    "is_noted := radius.note_sign_in(wanted, false, substr(answer, 8), router::inet, station)",
    "is_noted := radius.post_auth(wanted, 'Access-Reject', substr(answer, 8), router, station)",
)


class Migration(migrations.Migration):
    dependencies = [("billing", "0128_customer_notes")]

    operations = [
        migrations.RunSQL(
            HEARD.replace("1 minute", "30 seconds") + POST_AUTH + REFUSED + "DROP FUNCTION radius.note_sign_in;",
            HEARD
            + function("note_sign_in", QUICK.SIGN_IN)
            + "REVOKE ALL ON FUNCTION radius.note_sign_in FROM PUBLIC;"
            + function("post_auth", QUICK.SIGN_IN)
            + SIGN_IN,
        )
    ]
