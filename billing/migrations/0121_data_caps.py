"""What is to be looked at because of quotas is marked where it is written: at use, plan, grid and end (decision 52)."""

from django.db import migrations, models

COUNT = """
CREATE OR REPLACE FUNCTION radius.count_usage(subscription bigint, at timestamptz, down bigint, up bigint) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
    IF subscription IS NULL OR down + up = 0 THEN
        RETURN;
    END IF;
    INSERT INTO billing_usageday AS used (subscription_id, day, download_bytes, upload_bytes{column})
    SELECT subscription, (at AT TIME ZONE time_zone)::date, down, up{value} FROM billing_networkpolicy WHERE id = 1
    ON CONFLICT (subscription_id, day) DO UPDATE SET
        download_bytes = used.download_bytes + excluded.download_bytes,
        upload_bytes = used.upload_bytes + excluded.upload_bytes{update};
END $$;
"""
MARK_USE = COUNT.format(
    column=", is_uncounted",
    value=""", EXISTS (
        SELECT FROM billing_subscription served JOIN billing_plan plan ON plan.id = served.plan_id
        WHERE served.id = subscription AND quota_gb IS NOT NULL
    )""",
    update=",\n        is_uncounted = used.is_uncounted OR excluded.is_uncounted",
)
AS_BEFORE = COUNT.format(column="", value="", update="")

# The newest day of each stands for the subscription; who has none has used nothing. In the order of their keys, as
# all who lock several of them.
MARK = """
CREATE FUNCTION billing_quota_due(subscriptions bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    WITH newest AS (
        SELECT used.id FROM unnest(subscriptions) AS wanted(id) CROSS JOIN LATERAL (
            SELECT id FROM billing_usageday WHERE subscription_id = wanted.id ORDER BY day DESC LIMIT 1
        ) AS used
    ), locked AS (
        SELECT id FROM billing_usageday WHERE id IN (SELECT id FROM newest)
        ORDER BY subscription_id, day FOR NO KEY UPDATE
    )
    UPDATE billing_usageday used SET is_uncounted = true FROM locked WHERE used.id = locked.id;
END $$;

CREATE FUNCTION billing_quota_of_subscriptions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM billing_quota_due(ARRAY(
        SELECT id FROM becomes JOIN was USING (id)
        WHERE (was.plan_id, was.anchor, was.ends_on) IS DISTINCT FROM (becomes.plan_id, becomes.anchor, becomes.ends_on)
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER subscription_to_be_counted AFTER UPDATE ON billing_subscription
    REFERENCING OLD TABLE AS was NEW TABLE AS becomes
    FOR EACH STATEMENT EXECUTE FUNCTION billing_quota_of_subscriptions();

CREATE FUNCTION billing_quota_of_plan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM billing_quota_due(ARRAY(
        SELECT subscription.id
        FROM billing_subscription subscription JOIN billing_datause used ON used.subscription_id = subscription.id
        WHERE plan_id = NEW.id AND (is_over OR used_bytes >= NEW.quota_gb * 1000000000::bigint)
    ));
    RETURN NULL;
END $$;
CREATE TRIGGER plan_to_be_counted AFTER UPDATE ON billing_plan FOR EACH ROW
    WHEN (
        (OLD.quota_gb, OLD.over_quota, OLD.interval_count, OLD.interval_unit, OLD.billing_day)
        IS DISTINCT FROM
        (NEW.quota_gb, NEW.over_quota, NEW.interval_count, NEW.interval_unit, NEW.billing_day)
    )
    EXECUTE FUNCTION billing_quota_of_plan();
"""

UNMARK = """
DROP FUNCTION billing_quota_of_subscriptions, billing_quota_of_plan CASCADE;
DROP FUNCTION billing_quota_due;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0120_network_permissions")]

    operations = [
        migrations.AddField(
            model_name="usageday",
            name="is_uncounted",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name="usageday",
            index=models.Index(
                condition=models.Q(("is_uncounted", True)), fields=["subscription"], name="usageday_uncounted"
            ),
        ),
        migrations.AddIndex(
            model_name="datause",
            index=models.Index(fields=["period_end"], name="datause_by_end"),
        ),
        migrations.RunSQL(MARK_USE + MARK, AS_BEFORE + UNMARK),
        migrations.RunSQL(
            """
            SELECT billing_quota_due(ARRAY(
                SELECT subscription.id FROM billing_subscription subscription
                JOIN billing_plan plan ON plan.id = subscription.plan_id WHERE quota_gb IS NOT NULL
            ))
            """,
            migrations.RunSQL.noop,
        ),
    ]
