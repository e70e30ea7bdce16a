"""Access is what the open bills and the blocks say (rules E1, E6, E8)."""

from __future__ import annotations

from billing.services.books.check import Check

CHECKS = (
    Check(
        "access: cut off when the first unpaid bill says so",
        "subscription",
        """
        SELECT state.subscription_id AS id, state.cut_off_at AS stored, due.cut_off_at AS expected
        FROM billing_accessstate state
        LEFT JOIN billing_cut_offs(
            ARRAY(SELECT DISTINCT customer_id FROM billing_bill WHERE status = 'open'), %(minimum)s
        ) AS due ON due.subscription_id = state.subscription_id
        """,
    ),
    Check(
        "access: not cut before its promises and exclusions end",
        "subscription",
        """
        SELECT state.subscription_id AS id, state.not_before AS stored, greatest(
            (
                SELECT max(not_before) FROM billing_promise promise
                WHERE promise.customer_id = subscription.customer_id AND ended_at IS NULL
                    AND (promise.subscription_id IS NULL OR promise.subscription_id = subscription.id)
            ), (
                SELECT max(not_before) FROM billing_exclusion exclusion
                WHERE exclusion.customer_id = subscription.customer_id AND ended_at IS NULL
            )
        ) AS expected
        FROM billing_accessstate state JOIN billing_subscription subscription ON subscription.id = state.subscription_id
        """,
    ),
    Check(
        "access: on while no block is open",
        "subscription",
        """
        SELECT state.subscription_id AS id, CASE WHEN is_on THEN 'on' ELSE 'off' END AS stored,
            CASE WHEN block.subscription_id IS NULL THEN 'on' ELSE 'off' END AS expected
        FROM billing_accessstate state
        LEFT JOIN (SELECT DISTINCT subscription_id FROM billing_block WHERE closed_at IS NULL) AS block
            ON block.subscription_id = state.subscription_id
        """,
    ),
    Check(
        "access: off as unpaid only for a bill that is due",
        "subscription",
        """
        SELECT block.subscription_id AS id, 'off as unpaid' AS stored,
            CASE WHEN cut_off_at <= %(now)s THEN 'off as unpaid' ELSE 'no bill is due' END AS expected
        FROM billing_block block LEFT JOIN billing_accessstate state ON state.subscription_id = block.subscription_id
        WHERE reason = 'unpaid' AND closed_at IS NULL
        """,
    ),
    Check(
        "access: due for more than an hour and still on",
        "subscription",
        """
        SELECT subscription_id AS id, CASE WHEN is_on THEN 'on' ELSE 'off' END AS stored, 'off' AS expected
        FROM billing_accessstate
        WHERE %(cuts_are_allowed)s AND cut_off_at <= %(now)s - interval '1 hour'
        """,
        tolerated=True,
    ),
)
