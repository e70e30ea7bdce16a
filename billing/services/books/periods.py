"""How far subscriptions are billed: no day twice, none skipped, and the next bill is on its way (rules B1, B9)."""

from __future__ import annotations

from billing.services.books.check import Check

# The days of a subscription are told in pieces that touch: up to its start, what is billed, what
# is never billed, and what is not billed yet. Days of a void bill and days that a credit freed are
# in none of them; they are not billed yet, or in a later piece.
_CHAIN = """
    SELECT subscription_id AS id, first_day AS stored, ended AS expected
    FROM (
        SELECT subscription_id, first_day,
            lag(end_day) OVER (PARTITION BY subscription_id ORDER BY first_day, end_day) AS ended
        FROM (
            SELECT id, '-infinity'::date, starts_on FROM billing_subscription
            UNION ALL
            SELECT subscription_id, lower(billed_days), upper(billed_days) FROM billing_billline
            WHERE NOT isempty(billed_days)
            UNION ALL
            SELECT subscription_id, first_day, end_day FROM billing_unbilleddays
            UNION ALL
            SELECT subscription_id, billed_until, 'infinity' FROM billing_billingstate
        ) AS piece (subscription_id, first_day, end_day)
    ) AS piece
    WHERE first_day > '-infinity'
"""

# An open hold, the end, or an unpaid block under a plan that is not billed meanwhile leave nothing
# to bill now; then the day of the next bill may be missing, otherwise never. A day that comes too
# early does no harm: the billing run looks again.
_NEXT_BILL = """
    SELECT state.subscription_id AS id, bill_on AS stored,
        CASE WHEN bill_on IS NULL AND (ends_on <= billed_until OR is_held OR is_unpaid AND NOT goes_on) THEN NULL
            ELSE least(bill_on, latest) END AS expected
    FROM billing_billingstate state
    JOIN billing_subscription subscription ON subscription.id = state.subscription_id
    LEFT JOIN billing_scheduledchange change ON change.subscription_id = state.subscription_id
        AND change.kind = 'plan' AND change.status = 'pending' AND change.due_on <= billed_until
    JOIN billing_plan plan ON plan.id = coalesce(change.plan_id, subscription.plan_id)
    LEFT JOIN (SELECT subscription_id, true FROM billing_block WHERE reason = 'unpaid' AND closed_at IS NULL)
        AS block (subscription_id, is_unpaid) ON block.subscription_id = state.subscription_id
    LEFT JOIN (SELECT subscription_id, days, true FROM billing_hold WHERE settled_at IS NULL)
        AS hold (subscription_id, days, is_held)
        ON hold.subscription_id = state.subscription_id AND hold.days @> billed_until
    CROSS JOIN LATERAL (SELECT
        coalesce(bills_while_unpaid, mode = 'postpaid'),
        CASE WHEN mode = 'prepaid' THEN billed_until
            WHEN interval_unit IN ('day', 'week')
                THEN billed_until + interval_count * CASE interval_unit WHEN 'day' THEN 1 ELSE 7 END
            ELSE (billed_until + make_interval(
                months => interval_count * CASE interval_unit WHEN 'month' THEN 1 ELSE 12 END, days => 3
            ))::date
        END
    ) AS term (goes_on, latest)
"""

CHECKS = (
    Check("subscription: every day billed once, none skipped", "subscription", _CHAIN),
    Check("subscription: the next bill is on its way", "subscription", _NEXT_BILL),
    Check(
        "subscription: has its states of billing and access",
        "subscription",
        """
        SELECT subscription.id, (billing.customer_id, access.subscription_id) AS stored,
            (subscription.customer_id, subscription.id) AS expected
        FROM billing_subscription subscription
        LEFT JOIN billing_billingstate billing ON billing.subscription_id = subscription.id
        LEFT JOIN billing_accessstate access ON access.subscription_id = subscription.id
        """,
    ),
)
