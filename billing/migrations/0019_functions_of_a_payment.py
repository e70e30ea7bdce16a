"""What every payment asks of PostgreSQL, as functions: it plans them once a session instead of once a payment."""

from django.db import migrations, models

# What is left of payments and credit notes, then what is left to pay of their customers' open bills; the oldest first.
MONEY_AND_DEBTS = """
CREATE FUNCTION billing_money_and_debts(customers bigint[]) RETURNS TABLE (
    customer_id bigint, payment_id bigint, credit_note_id bigint, bill_id bigint, rest numeric
) LANGUAGE plpgsql STABLE ROWS 10 AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH source AS MATERIALIZED (
        SELECT customer_id, id AS payment_id, NULL::bigint AS credit_note_id, NULL::bigint AS bill_id,
            amount - allocated - returned AS rest, received_at AS since
        FROM billing_payment WHERE customer_id = ANY(customers) AND amount > allocated + returned
        UNION ALL
        SELECT customer_id, NULL, id, bill_id, total - allocated - returned, issued_at
        FROM billing_creditnote WHERE customer_id = ANY(customers) AND total > allocated + returned
    ), part AS (
        SELECT * FROM source
        UNION ALL
        SELECT customer_id, NULL, NULL, id, total - allocated, due_on FROM billing_bill
        WHERE customer_id = ANY(ARRAY(SELECT customer_id FROM source)) AND status = 'open'
    )
    SELECT customer_id, payment_id, credit_note_id, bill_id, rest FROM part
    ORDER BY since, credit_note_id NULLS LAST, payment_id, bill_id;
END $$;
"""

# Subscriptions of which something was not billed, or was renewed in vain, while they were disabled as unpaid.
# A renewal is cut at its start; the day more is for the zones whose midnight comes later.
HELD_UP = """
CREATE FUNCTION billing_held_up(subscriptions bigint[], today date) RETURNS SETOF bigint
LANGUAGE plpgsql STABLE ROWS 1 AS $$
BEGIN
    RETURN QUERY
    SELECT subscription_id FROM billing_billingstate state
    WHERE subscription_id = ANY(subscriptions) AND (bill_on IS NULL OR billed_until < today OR EXISTS (
        SELECT FROM billing_billline line
        WHERE line.subscription_id = state.subscription_id AND upper(billed_days) = billed_until
            AND cut_off_at <= lower(period) + interval '1 day'
    ))
    ORDER BY subscription_id;
END $$;
"""

# Bring the access states of some customers in line with their bills, promises and exclusions, and end the unpaid
# blocks of those that are no longer due (rules E4 to E7, E11): these are returned.
FOLLOW_BILLS = """
CREATE FUNCTION billing_follow_bills(
    customers bigint[], minimum numeric, moment timestamptz, today date, asked_by bigint, why text
) RETURNS TABLE (subscription_id bigint, is_on boolean, is_held_up boolean) LANGUAGE plpgsql ROWS 10 AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH judged AS MATERIALIZED (
        SELECT subscription_id, due.cut_off_at, NOT is_on AND coalesce(due.cut_off_at > moment, true) AND EXISTS (
            SELECT FROM billing_block block
            WHERE block.subscription_id = state.subscription_id AND reason = 'unpaid' AND closed_at IS NULL
        ) AS is_freed
        FROM billing_cut_offs(customers, minimum) AS due JOIN billing_accessstate state USING (subscription_id)
    ), switched AS MATERIALIZED (
        SELECT judged.*, is_freed AND NOT EXISTS (
            SELECT FROM billing_block block
            WHERE block.subscription_id = judged.subscription_id AND reason <> 'unpaid' AND closed_at IS NULL
        ) AS comes_back
        FROM judged
    ), followed AS (
        UPDATE billing_accessstate state
        SET cut_off_at = switched.cut_off_at, is_on = is_on OR comes_back, version = version + comes_back::integer
        FROM switched
        WHERE state.subscription_id = switched.subscription_id
            AND (comes_back OR state.cut_off_at IS DISTINCT FROM switched.cut_off_at)
    ), unblocked AS (
        UPDATE billing_block SET closed_at = greatest(moment, opened_at)
        WHERE reason = 'unpaid' AND closed_at IS NULL
            AND subscription_id = ANY(ARRAY(SELECT subscription_id FROM switched WHERE is_freed))
    ), recorded AS (
        INSERT INTO billing_accessevent (subscription_id, at, change, reason, rule, actor_id, was_on, is_on)
        SELECT subscription_id, moment, 'unblocked', 'unpaid', why, asked_by, false, comes_back
        FROM switched WHERE is_freed ORDER BY subscription_id
        RETURNING subscription_id, is_on
    )
    SELECT subscription_id, is_on, subscription_id = ANY(ARRAY(
        SELECT billing_held_up(ARRAY(SELECT subscription_id FROM switched WHERE is_freed), today)
    ))
    FROM recorded;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("billing", "0018_enforcement_permissions")]

    operations = [
        migrations.RemoveIndex(model_name="bill", name="bill_open_by_due_date"),
        migrations.AddIndex(
            model_name="bill",
            index=models.Index(
                condition=models.Q(("allocated__lt", models.F("total")), ("status", "open")),
                fields=["due_on", "id"],
                name="bill_open_by_due_date",
            ),
        ),
        migrations.RunSQL(MONEY_AND_DEBTS + HELD_UP + FOLLOW_BILLS),
    ]
