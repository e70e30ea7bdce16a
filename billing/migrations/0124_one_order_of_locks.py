"""A session id that is used again locks access and what the network is to do before the session (decision 53)."""

from django.db import migrations

# What begins under something that is not wanted any more was let in before that was decided.
STALE = """
CREATE FUNCTION radius.runs_under(packet radius.packet, state text, class text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN packet.class = '' AND NOT packet.echoes_class AND state <> 'off' THEN class ELSE packet.class END
$$;

CREATE FUNCTION radius.tell_if_stale(packet radius.packet, policy radius.policy) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    runs_under text := radius.runs_under(packet, policy.state, policy.class);
BEGIN
    IF packet.kind <> 'Stop' AND (policy.state = 'off' OR runs_under <> '' AND runs_under <> policy.class) THEN
        PERFORM set_config('isp.reason', 'stale-start', true);
        UPDATE billing_accessstate SET version = version + 1 WHERE subscription_id = policy.subscription_id;
        PERFORM set_config('isp.reason', '', true);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION radius.begin_session(packet radius.packet) RETURNS billing_onlinesession
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    policy radius.policy;
    session billing_onlinesession;
BEGIN
    SELECT * INTO policy FROM radius.policy WHERE login = packet.login;
    INSERT INTO billing_onlinesession (
        unique_id, session_id, subscription_id, login, router_id, nas_address, framed_address, calling_station,
        started_at, updated_at, session_seconds, download_bytes, upload_bytes, policy_class
    ) VALUES (
        packet.unique_id, packet.session_id, policy.subscription_id, packet.login, packet.router_id,
        packet.nas_address, packet.framed_address, packet.calling_station,
        packet.at - coalesce(packet.seconds, 0) * interval '1 second', now(), 0, 0, 0,
        radius.runs_under(packet, policy.state, policy.class)
    ) RETURNING * INTO session;
    PERFORM radius.tell_if_stale(packet, policy);
    RETURN session;
END $$;
"""

# Packets of one session wait for each other, so what is read without a lock is still so under the lock, or the row
# is gone. With access locked nothing that is wanted changes either.
TAKE = """
CREATE FUNCTION radius.is_used_again(packet radius.packet, session billing_onlinesession) RETURNS boolean
LANGUAGE sql IMMUTABLE AS $$
    SELECT radius.is_another(packet, session.started_at + session.session_seconds * interval '1 second')
        AND (packet.kind = 'Start' OR packet.seconds < session.session_seconds)  -- not a clock set right
$$;

CREATE FUNCTION radius.lock_what_is_wanted(packet radius.packet) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    policy radius.policy;
BEGIN
    PERFORM FROM billing_accessstate WHERE subscription_id = ANY(ARRAY(
        SELECT id FROM billing_subscription WHERE lower(login) = packet.login
    )) ORDER BY subscription_id FOR NO KEY UPDATE;
    SELECT * INTO policy FROM radius.policy WHERE login = packet.login;
    PERFORM radius.tell_if_stale(packet, policy);
END $$;

CREATE OR REPLACE FUNCTION radius.take(packet radius.packet) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    session billing_onlinesession;
    ended billing_sessionrecord;
    is_used_again boolean;
BEGIN
    SELECT * INTO session FROM billing_onlinesession WHERE unique_id = packet.unique_id;
    is_used_again := FOUND AND radius.is_used_again(packet, session);
    IF is_used_again THEN
        PERFORM radius.lock_what_is_wanted(packet);
    END IF;
    SELECT * INTO session FROM billing_onlinesession WHERE unique_id = packet.unique_id FOR UPDATE;
    IF FOUND AND is_used_again THEN
        PERFORM radius.close_session(
            packet.unique_id, session.started_at + session.session_seconds * interval '1 second', 'Lost-Id-Used-Again'
        );
        session := NULL;
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

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA radius FROM PUBLIC;
"""

BEGIN_AS_BEFORE = """
CREATE OR REPLACE FUNCTION radius.begin_session(packet radius.packet) RETURNS billing_onlinesession
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
TAKE_AS_BEFORE = """
CREATE OR REPLACE FUNCTION radius.take(packet radius.packet) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    session billing_onlinesession;
    ended billing_sessionrecord;
    end_of_session timestamptz;
BEGIN
    SELECT * INTO session FROM billing_onlinesession WHERE unique_id = packet.unique_id FOR UPDATE;
    IF FOUND THEN
        end_of_session := session.started_at + session.session_seconds * interval '1 second';
        IF radius.is_another(packet, end_of_session)
            AND (packet.kind = 'Start' OR packet.seconds < session.session_seconds)
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
DROP FUNCTION radius.lock_what_is_wanted, radius.is_used_again, radius.tell_if_stale, radius.runs_under;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0123_routers_without_a_secret")]

    operations = [migrations.RunSQL(STALE + TAKE, BEGIN_AS_BEFORE + TAKE_AS_BEFORE)]
