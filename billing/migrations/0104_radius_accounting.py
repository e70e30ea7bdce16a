"""Sessions and what was used in them, from accounting packets that come late, doubled, or not at all."""

from django.db import migrations

# What a router reports is text until it has been looked at: a number that cannot be is NULL, a counter that cannot
# be is -1, and one that was not sent is NULL.
READING = """
CREATE FUNCTION radius.whole(given text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN given ~ '^[0-9]{1,15}$' THEN given::bigint END
$$;

CREATE FUNCTION radius.counter(octets text, gigawords text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE
        WHEN coalesce(octets, '') = '' THEN NULL
        WHEN octets !~ '^[0-9]{1,10}$' OR coalesce(nullif(gigawords, ''), '0') !~ '^[0-9]{1,6}$' THEN -1
        ELSE coalesce(nullif(gigawords, ''), '0')::bigint * 4294967296 + octets::bigint
    END
$$;

CREATE FUNCTION radius.address(given text) RETURNS inet LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
    RETURN nullif(given, '')::inet;
EXCEPTION WHEN invalid_text_representation THEN
    RETURN NULL;
END $$;

CREATE FUNCTION radius.duration(given text) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN radius.whole(given) <= 315360000 THEN radius.whole(given) END
$$;

CREATE FUNCTION radius.instant(epoch text) RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN at BETWEEN now() - interval '1 day' AND now() + interval '5 minutes' THEN at ELSE now() END
    FROM to_timestamp(CASE WHEN radius.whole(epoch) < 9999999999 THEN radius.whole(epoch) ELSE 0 END) AS at
$$;

CREATE TYPE radius.packet AS (
    kind text, unique_id text, session_id text, login text, router_id bigint, echoes_class boolean, nas_address inet,
    framed_address inet, calling_station text, at timestamptz, seconds bigint, download bigint, upload bigint,
    class text, cause text
);

-- Routers give the same ids again after a restart. A start is another session when it comes long after the end of
-- the last one with its id, whatever else when it tells of a start after that end.
CREATE FUNCTION radius.is_another(packet radius.packet, ended timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE packet.kind
        WHEN 'Start' THEN packet.at > ended + interval '5 minutes'
        ELSE packet.at - coalesce(packet.seconds, 315360000) * interval '1 second' > ended + interval '5 seconds'
    END
$$;
"""

SESSIONS = """
CREATE FUNCTION radius.close_session(wanted text, ended_at timestamptz, why text) RETURNS boolean
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    WITH closed AS (DELETE FROM billing_onlinesession WHERE unique_id = wanted RETURNING *)
    INSERT INTO billing_sessionrecord (
        unique_id, session_id, subscription_id, login, router_id, nas_address, framed_address, calling_station,
        started_at, updated_at, session_seconds, download_bytes, upload_bytes, policy_class, stopped_at, cause
    )
    SELECT unique_id, session_id, subscription_id, login, router_id, nas_address, framed_address, calling_station,
        started_at, updated_at, session_seconds, download_bytes, upload_bytes, policy_class,
        greatest(ended_at, started_at), left(coalesce(why, ''), 40)
    FROM closed;
    RETURN FOUND;
END $$;

CREATE FUNCTION radius.close_sessions_of(router bigint, ended_at timestamptz) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    PERFORM radius.close_session(unique_id, ended_at, 'NAS-Reboot') FROM (
        SELECT unique_id FROM billing_onlinesession WHERE router_id = router AND started_at <= ended_at
        ORDER BY id FOR UPDATE
    ) AS open;
END $$;

CREATE FUNCTION radius.reopen_session(ended billing_sessionrecord) RETURNS billing_onlinesession
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    session billing_onlinesession;
BEGIN
    DELETE FROM billing_sessionrecord WHERE id = ended.id AND stopped_at = ended.stopped_at;
    INSERT INTO billing_onlinesession (
        unique_id, session_id, subscription_id, login, router_id, nas_address, framed_address, calling_station,
        started_at, updated_at, session_seconds, download_bytes, upload_bytes, policy_class
    ) VALUES (
        ended.unique_id, ended.session_id, ended.subscription_id, ended.login, ended.router_id, ended.nas_address,
        ended.framed_address, ended.calling_station, ended.started_at, ended.updated_at, ended.session_seconds,
        ended.download_bytes, ended.upload_bytes, ended.policy_class
    ) RETURNING * INTO session;
    RETURN session;
END $$;
"""

# A session that begins under what is no longer wanted was let in before that was decided: the network hears of it.
BEGIN = """
CREATE FUNCTION radius.begin_session(packet radius.packet) RETURNS billing_onlinesession
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    policy radius.policy;
    session billing_onlinesession;
    runs_under text := packet.class;
BEGIN
    SELECT * INTO policy FROM radius.policy WHERE login = packet.login;
    IF runs_under = '' AND NOT packet.echoes_class AND policy.state <> 'off' THEN
        runs_under := policy.class;
    END IF;
    INSERT INTO billing_onlinesession (
        unique_id, session_id, subscription_id, login, router_id, nas_address, framed_address, calling_station,
        started_at, updated_at, session_seconds, download_bytes, upload_bytes, policy_class
    ) VALUES (
        packet.unique_id, packet.session_id, policy.subscription_id, packet.login, packet.router_id,
        packet.nas_address, packet.framed_address, packet.calling_station,
        packet.at - coalesce(packet.seconds, 0) * interval '1 second', now(), 0, 0, 0, runs_under
    ) RETURNING * INTO session;
    IF packet.kind <> 'Stop' AND (policy.state = 'off' OR runs_under <> '' AND runs_under <> policy.class) THEN
        PERFORM set_config('isp.reason', 'stale-start', true);
        UPDATE billing_accessstate SET version = version + 1 WHERE subscription_id = policy.subscription_id;
        PERFORM set_config('isp.reason', '', true);
    END IF;
    RETURN session;
END $$;
"""

# A counter that went back in a later packet began again; in an earlier one it says nothing. What no line could carry
# in the time (100 Gbit/s) is not counted.
FOLLOW = """
CREATE FUNCTION radius.is_believable(counter bigint, former bigint, elapsed bigint) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(
        counter >= 0 AND counter - CASE WHEN counter < former THEN 0 ELSE former END
            <= (greatest(elapsed, 0) + 60) * 12500000000,
        true
    )
$$;

CREATE FUNCTION radius.used(counter bigint, former bigint, is_newer boolean) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN counter >= former THEN counter - former WHEN is_newer THEN counter ELSE 0 END
$$;

CREATE FUNCTION radius.follow_session(packet radius.packet, session billing_onlinesession) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    since_start bigint := greatest(extract(epoch FROM packet.at - session.started_at), 0);
    seconds bigint := least(coalesce(packet.seconds, since_start), since_start + 3600);
    is_newer boolean := seconds >= session.session_seconds;
    down bigint := packet.download;
    up bigint := packet.upload;
BEGIN
    IF NOT (
        radius.is_believable(down, session.download_bytes, seconds - session.session_seconds)
        AND radius.is_believable(up, session.upload_bytes, seconds - session.session_seconds)
    ) THEN
        PERFORM radius.note_wrong_counter(packet, session.subscription_id);
        down := NULL;
        up := NULL;
    END IF;
    down := coalesce(down, session.download_bytes);
    up := coalesce(up, session.upload_bytes);
    PERFORM radius.count_usage(
        session.subscription_id, packet.at, radius.used(down, session.download_bytes, is_newer),
        radius.used(up, session.upload_bytes, is_newer)
    );
    UPDATE billing_onlinesession SET
        updated_at = CASE WHEN is_newer THEN now() ELSE updated_at END,
        started_at = CASE packet.kind WHEN 'Start' THEN least(started_at, packet.at) ELSE started_at END,
        session_seconds = greatest(session_seconds, seconds),
        download_bytes = CASE WHEN is_newer THEN down ELSE greatest(down, download_bytes) END,
        upload_bytes = CASE WHEN is_newer THEN up ELSE greatest(up, upload_bytes) END,
        framed_address = CASE
            WHEN is_newer THEN coalesce(packet.framed_address, framed_address)
            ELSE coalesce(framed_address, packet.framed_address)
        END,
        calling_station = coalesce(nullif(calling_station, ''), packet.calling_station),
        policy_class = coalesce(nullif(policy_class, ''), packet.class)
    WHERE id = session.id;
END $$;

CREATE FUNCTION radius.count_usage(subscription bigint, at timestamptz, down bigint, up bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF subscription IS NULL OR down + up = 0 THEN
        RETURN;
    END IF;
    INSERT INTO billing_usageday AS used (subscription_id, day, download_bytes, upload_bytes)
    SELECT subscription, (at AT TIME ZONE time_zone)::date, down, up FROM billing_networkpolicy WHERE id = 1
    ON CONFLICT (subscription_id, day) DO UPDATE SET
        download_bytes = used.download_bytes + excluded.download_bytes,
        upload_bytes = used.upload_bytes + excluded.upload_bytes;
END $$;

CREATE FUNCTION radius.note_wrong_counter(packet radius.packet, subscription bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    INSERT INTO billing_networkfinding (router_id, kind, login, detail, first_seen_at, last_seen_at)
    VALUES (
        packet.router_id, 'wrong-counter', CASE WHEN subscription IS NULL THEN '' ELSE packet.login END,
        left(format(
            'A counter that cannot be in session %s: download %s, upload %s bytes, not counted', packet.session_id,
            packet.download, packet.upload
        ), 300),
        now(), now()
    )
    ON CONFLICT (router_id, kind, login) WHERE resolved_at IS NULL
    DO UPDATE SET last_seen_at = excluded.last_seen_at, detail = excluded.detail;
END $$;
"""

# Packets of one session wait for each other. What is told of a session that has ended is late, except when it was
# closed as lost and is heard of again.
ACCOUNTING = """
CREATE FUNCTION radius.accounting(
    kind text, unique_id text, session_id text, login text, router text, nas text, framed text, calling_station text,
    at_epoch text, seconds text, input_octets text, input_gigawords text, output_octets text, output_gigawords text,
    class text, cause text
) RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    packet radius.packet;
BEGIN
    SELECT accounting.kind, left(unique_id, 64), left(session_id, 64), left(login, 64), billing_router.id, echoes_class,
        radius.address(nas), radius.address(framed), left(calling_station, 64), radius.instant(at_epoch),
        radius.duration(seconds), radius.counter(output_octets, output_gigawords),
        radius.counter(input_octets, input_gigawords), left(coalesce(class, ''), 64), left(coalesce(cause, ''), 40)
    INTO packet FROM billing_router WHERE address = router::inet AND is_active;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM radius.heard(packet.router_id);
    IF packet.kind IN ('Accounting-On', 'Accounting-Off') THEN
        PERFORM radius.close_sessions_of(packet.router_id, packet.at);
    ELSIF packet.kind IN ('Start', 'Interim-Update', 'Stop') AND packet.unique_id <> '' THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(packet.unique_id, 3));
        PERFORM radius.take(packet);
    ELSE
        RETURN false;
    END IF;
    RETURN true;
END $$;

CREATE FUNCTION radius.take(packet radius.packet) RETURNS void LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    session billing_onlinesession;
    ended billing_sessionrecord;
    end_of_session timestamptz;
BEGIN
    SELECT * INTO session FROM billing_onlinesession WHERE unique_id = packet.unique_id FOR UPDATE;
    IF FOUND THEN
        end_of_session := session.started_at + session.session_seconds * interval '1 second';
        IF radius.is_another(packet, end_of_session)
            AND (packet.kind = 'Start' OR packet.seconds < session.session_seconds)  -- not a clock set right
        THEN
            PERFORM radius.close_session(packet.unique_id, end_of_session, 'Lost-Id-Used-Again');
            session := NULL;
        END IF;
    END IF;
    IF session.id IS NULL THEN
        SELECT * INTO ended FROM billing_sessionrecord WHERE unique_id = packet.unique_id
        ORDER BY stopped_at DESC LIMIT 1;
        IF NOT FOUND OR radius.is_another(packet, ended.stopped_at) THEN
            session := radius.begin_session(packet);
        ELSIF ended.cause LIKE 'Lost%' AND packet.kind <> 'Start' THEN
            session := radius.reopen_session(ended);
        ELSE
            RETURN;
        END IF;
    END IF;
    PERFORM radius.follow_session(packet, session);
    IF packet.kind = 'Stop' THEN
        PERFORM radius.close_session(packet.unique_id, packet.at, packet.cause);
    END IF;
END $$;
"""

DROP = """
DROP FUNCTION radius.accounting, radius.take, radius.note_wrong_counter, radius.count_usage, radius.follow_session,
    radius.used, radius.is_believable, radius.begin_session, radius.reopen_session, radius.close_sessions_of,
    radius.close_session, radius.is_another;
DROP TYPE radius.packet;
DROP FUNCTION radius.instant, radius.duration, radius.address, radius.counter, radius.whole;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0103_radius_policy")]

    operations = [migrations.RunSQL(READING + SESSIONS + BEGIN + FOLLOW + ACCOUNTING, DROP)]
