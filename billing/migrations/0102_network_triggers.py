"""PostgreSQL writes what the network is to do, in the transaction that decides it, whoever writes (rule N1)."""

from django.db import migrations

# Whoever switches access without a new version gets one: nothing can be switched past the network.
VERSION = """
CREATE FUNCTION billing_access_version() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.version := OLD.version + 1;
    RETURN NEW;
END $$;
CREATE TRIGGER access_gets_a_version BEFORE UPDATE ON billing_accessstate
    FOR EACH ROW WHEN (NEW.is_on <> OLD.is_on AND NEW.version = OLD.version) EXECUTE FUNCTION billing_access_version();
"""

# The newest wish wins and starts anew. Who has leased the row goes on: it sees the other version when it is done.
# The guard against endless disconnects (cuts, held) counts on.
INTENTS = """
CREATE FUNCTION billing_network_intents() RETURNS trigger LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM billing_router WHERE is_active) THEN
        RETURN NULL;
    END IF;
    INSERT INTO billing_networkintent AS intent (
        subscription_id, wanted_version, reason, requested_at, next_attempt_at, attempts, leased_by, last_error, cuts,
        held
    )
    SELECT subscription_id, becomes.version,
        coalesce(
            nullif(current_setting('isp.reason', true), ''),
            CASE WHEN was.is_on = becomes.is_on THEN 'changed' WHEN becomes.is_on THEN 'on' ELSE 'off' END
        ),
        clock_timestamp(), clock_timestamp(), 0, '', '', 0, ''
    FROM becomes JOIN was USING (subscription_id) WHERE becomes.version <> was.version ORDER BY subscription_id
    ON CONFLICT (subscription_id) DO UPDATE SET
        wanted_version = excluded.wanted_version, reason = excluded.reason, requested_at = excluded.requested_at,
        next_attempt_at = excluded.next_attempt_at, attempts = 0, last_error = '', failing_since = NULL;
    IF FOUND THEN
        PERFORM pg_notify('network', '');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER access_reaches_the_network AFTER UPDATE ON billing_accessstate
    REFERENCING OLD TABLE AS was NEW TABLE AS becomes
    FOR EACH STATEMENT EXECUTE FUNCTION billing_network_intents();
"""

# In the order of their keys, as all who lock several of them.
BUMP = """
CREATE FUNCTION billing_network_changed(subscriptions bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF cardinality(subscriptions) > 0 THEN
        PERFORM FROM billing_accessstate WHERE subscription_id = ANY(subscriptions)
        ORDER BY subscription_id FOR NO KEY UPDATE;
        UPDATE billing_accessstate SET version = version + 1 WHERE subscription_id = ANY(subscriptions);
    END IF;
END $$;
"""

SUBSCRIPTIONS = """
CREATE FUNCTION billing_subscriptions_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM billing_network_changed(ARRAY(
        SELECT id FROM becomes JOIN was USING (id)
        WHERE (was.plan_id, was.login, was.ends_on) IS DISTINCT FROM (becomes.plan_id, becomes.login, becomes.ends_on)
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER subscription_reaches_the_network AFTER UPDATE ON billing_subscription
    REFERENCING OLD TABLE AS was NEW TABLE AS becomes
    FOR EACH STATEMENT EXECUTE FUNCTION billing_subscriptions_changed();
"""

ACCOUNTS = """
CREATE FUNCTION billing_accounts_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM billing_network_changed(ARRAY(SELECT subscription_id FROM changed));
    RETURN NULL;
END $$;
CREATE TRIGGER account_added AFTER INSERT ON billing_networkaccount REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION billing_accounts_changed();
CREATE TRIGGER account_changed AFTER UPDATE ON billing_networkaccount REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION billing_accounts_changed();
CREATE TRIGGER account_removed AFTER DELETE ON billing_networkaccount REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION billing_accounts_changed();
"""

# What is used is written often; it is of interest to the network when the quota is passed or given anew.
DATA_USE = """
CREATE FUNCTION billing_data_use_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM billing_network_changed(ARRAY[coalesce(NEW.subscription_id, OLD.subscription_id)]);
    RETURN NULL;
END $$;
CREATE TRIGGER quota_passed_at_once AFTER INSERT ON billing_datause
    FOR EACH ROW WHEN (NEW.is_over) EXECUTE FUNCTION billing_data_use_changed();
CREATE TRIGGER quota_passed AFTER UPDATE ON billing_datause FOR EACH ROW
    WHEN (OLD.is_over <> NEW.is_over OR NEW.is_over AND OLD.period_end <> NEW.period_end)
    EXECUTE FUNCTION billing_data_use_changed();
CREATE TRIGGER quota_forgotten AFTER DELETE ON billing_datause
    FOR EACH ROW WHEN (OLD.is_over) EXECUTE FUNCTION billing_data_use_changed();
"""

# A reason that comes to another, or leaves another, changes no access, but what is left of it. One that is because of
# unpaid bills comes or goes with access itself, or with another reason: the sweep writes thousands of these.
BLOCKS = """
CREATE FUNCTION billing_blocks_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM changed WHERE reason <> 'unpaid') THEN
        PERFORM billing_network_changed(ARRAY(
            SELECT DISTINCT subscription_id FROM changed WHERE reason <> 'unpaid' AND EXISTS (
                SELECT FROM billing_block other
                WHERE other.subscription_id = changed.subscription_id AND closed_at IS NULL AND other.id <> changed.id
            )
        ));
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER block_reaches_the_network AFTER INSERT ON billing_block REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION billing_blocks_changed();
CREATE TRIGGER block_closed_reaches_the_network AFTER UPDATE ON billing_block REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION billing_blocks_changed();
"""

# A plan may have a million subscriptions: those that are not online get the new one when they come.
PLANS = """
CREATE FUNCTION billing_plan_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM billing_network_changed(ARRAY(
        SELECT id FROM billing_subscription subscription
        WHERE plan_id = NEW.id AND (
            EXISTS (SELECT FROM billing_onlinesession WHERE subscription_id = subscription.id)
            OR EXISTS (
                SELECT FROM billing_networkaccount
                WHERE subscription_id = subscription.id AND router_id IS NOT NULL
            )
        )
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER plan_reaches_the_network AFTER UPDATE ON billing_plan FOR EACH ROW
    WHEN (
        (OLD.download_kbps, OLD.upload_kbps, OLD.pool, OLD.address_list, OLD.unpaid_access, OLD.over_quota,
            OLD.throttled_download_kbps, OLD.throttled_upload_kbps)
        IS DISTINCT FROM
        (NEW.download_kbps, NEW.upload_kbps, NEW.pool, NEW.address_list, NEW.unpaid_access, NEW.over_quota,
            NEW.throttled_download_kbps, NEW.throttled_upload_kbps)
    )
    EXECUTE FUNCTION billing_plan_changed();
"""

DROP = """
DROP FUNCTION billing_access_version, billing_network_intents, billing_subscriptions_changed, billing_accounts_changed,
    billing_data_use_changed, billing_blocks_changed, billing_plan_changed CASCADE;
DROP FUNCTION billing_network_changed;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0101_network_tables")]

    operations = [
        migrations.RunSQL(
            VERSION + INTENTS + BUMP + SUBSCRIPTIONS + ACCOUNTS + DATA_USE + BLOCKS + PLANS,
            DROP,
        ),
    ]
