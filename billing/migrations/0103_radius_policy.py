"""What RADIUS answers by: the policy of each subscription, and functions that are all a server may call."""

from django.db import migrations

# As billing/services/network/sealing.py. A server gives its connection the key as isp.network_key; what follows
# from it is derived once and kept in settings of the connection, each as the two blocks that HMAC begins with.
SEALING = """
CREATE SCHEMA radius;

CREATE FUNCTION radius.padded(key bytea, pad integer) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    block bytea := decode(repeat(lpad(to_hex(pad), 2, '0'), 64), 'hex');
BEGIN
    IF length(key) > 64 THEN
        key := sha256(key);
    END IF;
    FOR place IN 0 .. length(key) - 1 LOOP
        block := set_byte(block, place, get_byte(key, place) # pad);
    END LOOP;
    RETURN encode(block, 'hex');
END $$;

CREATE FUNCTION radius.hmac(inner_block text, outer_block text, message bytea) RETURNS bytea
LANGUAGE sql IMMUTABLE AS $$
    SELECT sha256(decode(outer_block, 'hex') || sha256(decode(inner_block, 'hex') || message))
$$;

CREATE FUNCTION radius.use_key(key text) RETURNS boolean LANGUAGE plpgsql
SET search_path = radius, pg_temp AS $$
DECLARE
    purpose text;
    derived bytea;
BEGIN
    IF coalesce(length(key), 0) < 32 THEN
        RAISE EXCEPTION 'The setting isp.network_key of this connection is missing or shorter than 32 characters';
    END IF;
    FOREACH purpose IN ARRAY ARRAY['stream', 'tag'] LOOP
        derived := hmac(
            padded(convert_to(key, 'UTF8'), 54), padded(convert_to(key, 'UTF8'), 92), convert_to(purpose, 'UTF8')
        );
        PERFORM set_config('isp.' || purpose || '_inner', padded(derived, 54), false);
        PERFORM set_config('isp.' || purpose || '_outer', padded(derived, 92), false);
    END LOOP;
    RETURN true;
END $$;

CREATE FUNCTION radius.unseal(sealed bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    body bytea := substr(sealed, 1, greatest(length(sealed) - 32, 0));
    nonce bytea := substr(sealed, 1, 16);
    crossed bytea := substr(sealed, 17, greatest(length(sealed) - 48, 0));
    stream bytea := '';
BEGIN
    IF coalesce(current_setting('isp.tag_inner', true), '') = '' THEN
        PERFORM radius.use_key(current_setting('isp.network_key', true));
    END IF;
    IF length(sealed) < 49 OR substr(sealed, length(body) + 1) <>
        radius.hmac(current_setting('isp.tag_inner'), current_setting('isp.tag_outer'), body)
    THEN
        RAISE EXCEPTION 'NETWORK_KEY is not the key with which this was sealed';
    END IF;
    FOR number IN 0 .. (length(crossed) - 1) / 32 LOOP
        stream := stream || radius.hmac(
            current_setting('isp.stream_inner'), current_setting('isp.stream_outer'), nonce || int4send(number)
        );
    END LOOP;
    FOR place IN 0 .. length(crossed) - 1 LOOP
        crossed := set_byte(crossed, place, get_byte(crossed, place) # get_byte(stream, place));
    END LOOP;
    RETURN convert_from(crossed, 'UTF8');
END $$;
"""

# Billing has decided who is on; the clock alone ends what has a last day. OFFSET 0: each step is computed once.
POLICY = """
CREATE VIEW radius.policy AS
SELECT
    subscription.id AS subscription_id, lower(subscription.login) AS login, judged.state, reasons.why,
    given.down_kbps, given.up_kbps, given.pool, given.address_list, given.framed_address,
    CASE WHEN state <> 'off' AND subscription.ends_on IS NOT NULL THEN greatest(1, least(2147483647, ceil(extract(
        epoch FROM subscription.ends_on::timestamp AT TIME ZONE policy.time_zone - now()
    ))))::bigint END AS session_timeout,
    concat(
        subscription.id, ':', left(md5(concat_ws(
            '|', state, coalesce(down_kbps, 0), coalesce(up_kbps, 0), given.pool, given.address_list, framed_address
        )), 8),
        '-', left(md5(concat_ws('|', given.pool, framed_address)), 4)
    ) AS class,
    account.password_sealed
FROM billing_subscription subscription
JOIN billing_plan plan ON plan.id = subscription.plan_id
JOIN billing_accessstate access ON access.subscription_id = subscription.id
JOIN billing_networkpolicy policy ON policy.id = 1
LEFT JOIN billing_networkaccount account ON account.subscription_id = subscription.id
LEFT JOIN billing_datause used ON used.subscription_id = subscription.id
CROSS JOIN LATERAL (
    SELECT
        (now() AT TIME ZONE policy.time_zone)::date AS today,
        CASE
            WHEN subscription.ends_on <= (now() AT TIME ZONE policy.time_zone)::date THEN 'ended'
            WHEN access.is_on THEN ''
            ELSE coalesce(
                (
                    SELECT string_agg(reason, ', ' ORDER BY reason) FROM billing_block block
                    WHERE block.subscription_id = subscription.id AND closed_at IS NULL
                ), 'off'
            )
        END AS why
    OFFSET 0
) AS reasons
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN why = '' THEN 'on'
            WHEN why = 'quota' THEN 'garden'
            WHEN why IN ('unpaid', 'quota, unpaid')
                AND coalesce(nullif(plan.unpaid_access, ''), policy.unpaid_access) = 'garden' THEN 'garden'
            ELSE 'off'
        END AS state,
        coalesce(
            plan.over_quota = 'throttle' AND used.is_over AND today >= used.period_start AND today < used.period_end,
            false
        ) AS is_throttled,
        CASE WHEN why = '' OR policy.garden_pool = '' THEN account.fixed_address END AS own_address
    OFFSET 0
) AS judged
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN state = 'garden' THEN policy.garden_kbps
            WHEN state = 'off' THEN NULL
            WHEN is_throttled THEN plan.throttled_download_kbps
            ELSE coalesce(plan.download_kbps, plan.upload_kbps)
        END AS down_kbps,
        CASE
            WHEN state = 'garden' THEN policy.garden_kbps
            WHEN state = 'off' THEN NULL
            WHEN is_throttled THEN plan.throttled_upload_kbps
            ELSE coalesce(plan.upload_kbps, plan.download_kbps)
        END AS up_kbps,
        CASE state WHEN 'on' THEN plan.address_list WHEN 'garden' THEN policy.garden_address_list ELSE ''
        END AS address_list,
        CASE WHEN state <> 'off' THEN own_address END AS framed_address,
        CASE
            WHEN state = 'off' OR own_address IS NOT NULL THEN ''
            WHEN state = 'garden' AND policy.garden_pool <> '' THEN policy.garden_pool
            ELSE plan.pool
        END AS pool
    OFFSET 0
) AS given;
"""

# One answer for one sign-in, so that all of it is of one moment: "accept" and what the session gets, with the password
# at the end, or "reject" and why. An error is neither of them. Two logins that differ in capitals only are refused.
ANSWER = """
CREATE FUNCTION radius.answer(wanted text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    policy record;
    how_many integer := 0;
BEGIN
    FOR policy IN
        SELECT given.*, (SELECT interim_seconds FROM billing_networkpolicy WHERE id = 1) AS interim
        FROM radius.policy given WHERE login = wanted LIMIT 2
    LOOP
        how_many := how_many + 1;
    END LOOP;
    IF how_many = 0 AND NOT EXISTS (SELECT FROM billing_networkpolicy) THEN
        RAISE EXCEPTION 'There is no row in billing_networkpolicy: run the migrations and the scheduler';
    ELSIF how_many = 0 THEN
        RETURN 'reject|unknown login';
    ELSIF how_many > 1 THEN
        RETURN 'reject|another login differs in capitals only';
    ELSIF policy.state = 'off' THEN
        RETURN 'reject|' || policy.why;
    ELSIF policy.password_sealed IS NULL THEN
        RETURN 'reject|no password set';
    END IF;
    RETURN concat(
        'accept|', CASE family(policy.framed_address) WHEN 4 THEN host(policy.framed_address) END,
        '|', CASE family(policy.framed_address) WHEN 6 THEN host(policy.framed_address) END,
        '|', policy.pool, '|', policy.up_kbps || 'k/' || policy.down_kbps || 'k', '|', policy.address_list,
        '|', policy.session_timeout, '|', policy.interim, '|', policy.class,
        '|', radius.unseal(policy.password_sealed)
    );
END $$;
"""

ROUTERS = """
CREATE FUNCTION radius.router_secret(wanted text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT radius.unseal(secret_sealed) FROM billing_router WHERE address = wanted::inet AND is_active
$$;

CREATE FUNCTION radius.router_requires_ma(wanted text) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
    SELECT CASE WHEN requires_message_authenticator THEN 'yes' ELSE 'no' END
    FROM billing_router WHERE address = wanted::inet AND is_active
$$;

CREATE FUNCTION radius.heard(router bigint) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM billing_routerstate WHERE router_id = router AND last_contact_at > now() - interval '1 minute'
    ) THEN
        INSERT INTO billing_routerstate (router_id, last_contact_at, failures, last_error) VALUES (router, now(), 0, '')
        ON CONFLICT (router_id) DO UPDATE SET last_contact_at = now();
    END IF;
END $$;
"""

# Once for each sign-in, as it was answered: what is refused although the answer was "accept" had a wrong password.
POST_AUTH = """
CREATE FUNCTION radius.post_auth(wanted text, answer text, why text, router text, station text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
    is_accepted boolean := answer = 'Access-Accept';
BEGIN
    PERFORM FROM billing_router JOIN billing_routerstate ON router_id = id
    WHERE address = router::inet AND last_contact_at > now() - interval '1 minute';
    IF NOT FOUND THEN
        PERFORM radius.heard(id) FROM billing_router WHERE address = router::inet AND is_active;
    END IF;
    INSERT INTO billing_loginattempt AS attempt
        (login, result, count, first_at, last_at, reason, calling_station, router_address)
    VALUES (
        CASE WHEN why = 'unknown login' THEN '?' || router ELSE wanted END,
        CASE WHEN is_accepted THEN 'accepted' ELSE 'refused' END, 1, now(), now(),
        CASE WHEN is_accepted THEN '' ELSE left(coalesce(nullif(why, ''), 'wrong password'), 120) END,
        left(station, 64), router::inet
    )
    ON CONFLICT (login, result) DO UPDATE SET
        count = attempt.count + 1, last_at = excluded.last_at, reason = excluded.reason,
        calling_station = excluded.calling_station, router_address = excluded.router_address;
    RETURN true;
END $$;
"""

DROP = "DROP SCHEMA radius CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("billing", "0102_network_triggers")]

    operations = [migrations.RunSQL(SEALING + POLICY + ANSWER + ROUTERS + POST_AUTH, DROP)]
