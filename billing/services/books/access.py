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
        LEFT JOIN (
            SELECT subscription_id, min(cut_off_at) AS cut_off_at
            FROM billing_bill bill JOIN billing_billline line ON line.bill_id = bill.id
            WHERE status = 'open' AND line.amount > line.credited GROUP BY subscription_id
        ) AS due ON due.subscription_id = state.subscription_id
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
        WHERE cut_off_at <= %(now)s - interval '1 hour'
        """,
        tolerated=True,
    ),
)
