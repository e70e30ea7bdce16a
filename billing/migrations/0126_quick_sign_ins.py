"""A sign-in that is refused is one statement, and one that is accepted is judged with less work (decision 54)."""

from importlib import import_module

from django.db import migrations

FORMER = import_module("billing.migrations.0103_radius_policy")
ROLE = import_module("billing.migrations.0105_radius_role")

# As before, but without a loop over the bytes. What is sent of a bit string is its length and then its bytes.
UNSEAL = """
CREATE FUNCTION radius.crossed(one bytea, other bytea) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
    SELECT substr(varbit_send(('x' || encode(one, 'hex'))::varbit # ('x' || encode(other, 'hex'))::varbit), 5)
$$;

CREATE OR REPLACE FUNCTION radius.unseal(sealed bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    size integer := length(sealed) - 48;
    stream bytea := '';
BEGIN
    IF coalesce(current_setting('isp.tag_inner', true), '') = '' THEN
        PERFORM radius.use_key(current_setting('isp.network_key', true));
    END IF;
    IF size < 1 OR substr(sealed, size + 17) <> radius.hmac(
        current_setting('isp.tag_inner'), current_setting('isp.tag_outer'), substr(sealed, 1, size + 16)
    ) THEN
        RAISE EXCEPTION 'NETWORK_KEY is not the key with which this was sealed';
    END IF;
    FOR number IN 0 .. (size - 1) / 32 LOOP
        stream := stream || radius.hmac(
            current_setting('isp.stream_inner'), current_setting('isp.stream_outer'),
            substr(sealed, 1, 16) || int4send(number)
        );
    END LOOP;
    RETURN convert_from(radius.crossed(substr(sealed, 17, size), substr(stream, 1, size)), 'UTF8');
END $$;
"""

# Both where the policy of all is read and where one login is answered.
CLASS = """
CREATE FUNCTION radius.class_of(
    subscription bigint, state text, down_kbps integer, up_kbps integer, pool text, address_list text, address inet
) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT concat(
        subscription, ':',
        left(md5(concat_ws('|', state, coalesce(down_kbps, 0), coalesce(up_kbps, 0), pool, address_list, address)), 8),
        '-', left(md5(concat_ws('|', pool, address)), 4)
    )
$$;
"""
_BEGIN, _END = FORMER.POLICY.index("    concat(\n"), FORMER.POLICY.index(" AS class")
POLICY = (
    FORMER.POLICY[:_BEGIN].replace("CREATE VIEW", "CREATE OR REPLACE VIEW")
    + """    radius.class_of(
        subscription.id, state, given.down_kbps, given.up_kbps, given.pool, given.address_list, given.framed_address
    )"""
    + FORMER.POLICY[_END:]
)

# Nearly everybody is on, without a last day and within the quota, and gets just what the plan says: that is read from
# the rows. All others are judged by the policy. What servers of the former configuration call goes on beside it.
ANSWER = """
CREATE FUNCTION radius.accepted(
    address inet, pool text, down_kbps integer, up_kbps integer, address_list text, seconds bigint, interim integer,
    class text, sealed bytea
) RETURNS text LANGUAGE sql AS $$
    SELECT concat(
        'accept|', CASE family(address) WHEN 4 THEN host(address) END,
        '|', CASE family(address) WHEN 6 THEN host(address) END,
        '|', pool, '|', up_kbps || 'k/' || down_kbps || 'k', '|', address_list, '|', seconds, '|', interim, '|', class,
        '|', radius.unseal(sealed)
    )
$$;

CREATE FUNCTION radius.judged(wanted text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    given record;
    how_many integer := 0;
BEGIN
    FOR given IN
        SELECT subscription.id, is_on AND ends_on IS NULL AND used.is_over IS NOT TRUE AS is_plain, interim_seconds,
            CASE WHEN fixed_address IS NULL THEN plan.pool ELSE '' END AS pool, plan.address_list, fixed_address,
            coalesce(download_kbps, upload_kbps) AS down_kbps, coalesce(upload_kbps, download_kbps) AS up_kbps,
            password_sealed
        FROM billing_subscription subscription
        JOIN billing_plan plan ON plan.id = subscription.plan_id
        JOIN billing_accessstate access ON access.subscription_id = subscription.id
        JOIN billing_networkpolicy settings ON settings.id = 1
        LEFT JOIN billing_networkaccount account ON account.subscription_id = subscription.id
        LEFT JOIN billing_datause used ON used.subscription_id = subscription.id
        WHERE lower(login) = wanted LIMIT 2
    LOOP
        how_many := how_many + 1;
    END LOOP;
    IF how_many = 1 AND given.is_plain AND given.password_sealed IS NOT NULL THEN
        RETURN radius.accepted(
            given.fixed_address, given.pool, given.down_kbps, given.up_kbps, given.address_list, NULL,
            given.interim_seconds, radius.class_of(
                given.id, 'on', given.down_kbps, given.up_kbps, given.pool, given.address_list, given.fixed_address
            ), given.password_sealed
        );
    ELSIF how_many = 1 THEN
        RETURN radius.judged_by_policy(given.id, given.interim_seconds);
    ELSIF how_many > 1 THEN
        RETURN 'reject|another login differs in capitals only';
    ELSIF NOT EXISTS (SELECT FROM billing_networkpolicy) THEN
        RAISE EXCEPTION 'There is no row in billing_networkpolicy: run the migrations and the scheduler';
    END IF;
    RETURN 'reject|unknown login';
END $$;

CREATE FUNCTION radius.judged_by_policy(subscription bigint, interim integer) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    policy radius.policy;
BEGIN
    SELECT * INTO policy FROM radius.policy WHERE subscription_id = subscription;
    IF policy.state = 'off' THEN
        RETURN 'reject|' || policy.why;
    ELSIF policy.password_sealed IS NULL THEN
        RETURN 'reject|no password set';
    END IF;
    RETURN radius.accepted(
        policy.framed_address, policy.pool, policy.down_kbps, policy.up_kbps, policy.address_list,
        policy.session_timeout, interim, policy.class, policy.password_sealed
    );
END $$;

CREATE OR REPLACE FUNCTION radius.answer(wanted text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN radius.judged(wanted);
END $$;
"""

# Once for each sign-in, as it is answered: what is refused although the answer was "accept" had a wrong password.
SIGN_IN = """
CREATE FUNCTION radius.note_sign_in(wanted text, is_accepted boolean, why text, router inet, station text)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM billing_router JOIN billing_routerstate ON router_id = id
        WHERE address = router AND last_contact_at > now() - interval '1 minute'
    ) THEN
        PERFORM radius.heard(id) FROM billing_router WHERE address = router AND is_active;
    END IF;
    INSERT INTO billing_loginattempt AS attempt
        (login, result, count, first_at, last_at, reason, calling_station, router_address)
    VALUES (
        CASE WHEN why = 'unknown login' THEN '?' || host(router) ELSE wanted END,
        CASE WHEN is_accepted THEN 'accepted' ELSE 'refused' END, 1, now(), now(),
        CASE WHEN is_accepted THEN '' ELSE left(coalesce(nullif(why, ''), 'wrong password'), 120) END,
        left(station, 64), router
    )
    ON CONFLICT (login, result) DO UPDATE SET
        count = attempt.count + 1, last_at = excluded.last_at, reason = excluded.reason,
        calling_station = excluded.calling_station, router_address = excluded.router_address;
    RETURN true;
END $$;

CREATE FUNCTION radius.sign_in(wanted text, router text, station text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    answer text := radius.judged(wanted);
    is_noted boolean;
BEGIN
    IF starts_with(answer, 'reject|') THEN
        is_noted := radius.note_sign_in(wanted, false, substr(answer, 8), router::inet, station);
    END IF;
    RETURN answer;
END $$;

CREATE OR REPLACE FUNCTION radius.post_auth(wanted text, answer text, why text, router text, station text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
    RETURN radius.note_sign_in(wanted, answer = 'Access-Accept', why, router::inet, station);
END $$;
"""

# Who has the role gets the new function with it.
GRANTS = ROLE.GRANTS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION").replace(
    ROLE.CALLED_BY_SERVERS, f"radius.sign_in(text, text, text), {ROLE.CALLED_BY_SERVERS}"
)
AS_BEFORE = (
    FORMER.SEALING[FORMER.SEALING.index("CREATE FUNCTION radius.unseal") :]
    + FORMER.POLICY.replace("CREATE VIEW", "CREATE OR REPLACE VIEW")
    + FORMER.ANSWER
    + FORMER.POST_AUTH
    + ROLE.GRANTS
).replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
DROP = """
DROP FUNCTION radius.sign_in, radius.note_sign_in, radius.judged_by_policy, radius.judged, radius.accepted,
    radius.class_of, radius.crossed;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0125_use_that_cannot_be_counted")]

    operations = [migrations.RunSQL(UNSEAL + CLASS + POLICY + ANSWER + SIGN_IN + GRANTS, AS_BEFORE + DROP)]
