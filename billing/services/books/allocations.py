"""What paid what: the sums that bills, lines, payments and credit notes keep (rules M7, M8, B1)."""

from __future__ import annotations

from billing.services.books.check import Check


def _spent(noun: str, table: str) -> Check:
    """What a payment or credit note paid of bills, and what was taken back of it."""
    key = noun.replace(" ", "_") + "_id"
    return Check(
        f"{noun}: allocated and returned",
        noun,
        f"""
        SELECT source.id, (allocated, returned) AS stored,
            (coalesce(part.amount, 0), coalesce(reversal.amount, 0)) AS expected
        FROM {table} source
        LEFT JOIN (
            SELECT {key}, sum(amount) AS amount FROM billing_allocation WHERE {key} IS NOT NULL GROUP BY {key}
        ) AS part ON part.{key} = source.id
        LEFT JOIN (
            SELECT {key}, sum(amount) AS amount FROM billing_reversal WHERE {key} IS NOT NULL GROUP BY {key}
        ) AS reversal ON reversal.{key} = source.id
        """,  # noqa: S608  (names of ours)
    )


# Of a line that costs nothing, or nothing any more, or was written off, days are given back without a credit.
_LINES = """
    SELECT line.id, (line.credited, billed_days) AS stored, (
        coalesce(part.amount, 0),
        CASE WHEN bill.status = 'void' THEN period * 'empty'
            WHEN line.amount = line.credited OR bill.id IN (
                SELECT bill_id FROM billing_creditnote WHERE kind = 'write-off'
            ) THEN period * billed_days
            ELSE period * daterange(NULL, part.freed_from) END
    ) AS expected
    FROM billing_billline line
    JOIN billing_bill bill ON bill.id = line.bill_id
    LEFT JOIN (
        SELECT bill_line_id, sum(amount) AS amount, min(lower(days)) FILTER (WHERE frees_days) AS freed_from
        FROM billing_creditnoteline WHERE bill_line_id IS NOT NULL GROUP BY bill_line_id
    ) AS part ON part.bill_line_id = line.id
"""

CHECKS = (
    Check(
        "bill: allocated, and paid when in full",
        "bill",
        """
        SELECT bill.id, (allocated, status::text) AS stored, (
            coalesce(part.amount, 0),
            CASE WHEN status IN ('draft', 'void') THEN status::text
                WHEN coalesce(part.amount, 0) = total THEN 'paid' ELSE 'open' END
        ) AS expected
        FROM billing_bill bill
        LEFT JOIN (SELECT bill_id, sum(amount) AS amount FROM billing_allocation GROUP BY bill_id) AS part
            ON part.bill_id = bill.id
        """,
    ),
    Check(
        "bill: credited",
        "bill",
        """
        SELECT bill.id, credited AS stored, coalesce(note.total, 0) AS expected
        FROM billing_bill bill
        LEFT JOIN (
            SELECT bill_id, sum(total) AS total FROM billing_creditnote WHERE bill_id IS NOT NULL GROUP BY bill_id
        ) AS note ON note.bill_id = bill.id
        """,
    ),
    Check("bill: line credited, and its days that count as billed", "line", _LINES),
    _spent("payment", "billing_payment"),
    _spent("credit note", "billing_creditnote"),
    Check(
        "allocation: within one customer and currency",
        "allocation",
        """
        SELECT part.id, (bill.customer_id, bill.currency) AS stored,
            (coalesce(payment.customer_id, note.customer_id), coalesce(payment.currency, note.currency)) AS expected
        FROM billing_allocation part
        JOIN billing_bill bill ON bill.id = part.bill_id
        LEFT JOIN billing_payment payment ON payment.id = part.payment_id
        LEFT JOIN billing_creditnote note ON note.id = part.credit_note_id
        """,
    ),
    Check(
        "allocation: no more taken back than was given",
        "bill",
        """
        SELECT bill_id AS id, sum(part.amount) AS stored, greatest(sum(part.amount), 0) AS expected
        FROM billing_allocation part
        WHERE bill_id IN (SELECT bill_id FROM billing_allocation WHERE amount < 0)
        GROUP BY bill_id, payment_id, credit_note_id
        """,
    ),
)
