"""The ledger is the documents, and every balance its sum (rules M5, E3)."""

from __future__ import annotations

from billing.services.books.check import Check


def _booked(kind: str, column: str, documents: str) -> Check:
    """Each of ``documents`` (id, customer_id, day, instant, amount) has its one entry, and no entry is left over."""
    return Check(
        f"ledger: each {kind} once, as it says",
        kind,
        f"""
        SELECT coalesce(document.id, entry.id) AS id,
            (entry.customer_id, entry.booked_on, entry.booked_at, entry.amount) AS stored,
            (document.customer_id, document.day, document.instant, document.amount) AS expected
        FROM (
            SELECT {column} AS id, customer_id, booked_on, booked_at, amount
            FROM billing_ledgerentry WHERE kind = '{kind}'
        ) AS entry
        FULL JOIN ({documents}) AS document (id, customer_id, day, instant, amount) ON document.id = entry.id
        """,  # noqa: S608  (names of ours)
    )


CHECKS = (
    _booked(
        "bill",
        "bill_id",
        "SELECT id, customer_id, issued_on, issued_at, total FROM billing_bill WHERE status <> 'draft' AND total > 0",
    ),
    _booked(
        "void",
        "bill_id",
        "SELECT id, customer_id, voided_on, voided_at, -total FROM billing_bill WHERE status = 'void' AND total > 0",
    ),
    _booked("payment", "payment_id", "SELECT id, customer_id, received_on, received_at, -amount FROM billing_payment"),
    _booked(
        "credit note", "credit_note_id", "SELECT id, customer_id, issued_on, issued_at, -total FROM billing_creditnote"
    ),
    _booked(
        "reversal",
        "reversal_id",
        """
        SELECT reversal.id, coalesce(payment.customer_id, note.customer_id), reversed_on, reversed_at, reversal.amount
        FROM billing_reversal reversal
        LEFT JOIN billing_payment payment ON payment.id = reversal.payment_id
        LEFT JOIN billing_creditnote note ON note.id = reversal.credit_note_id
        """,
    ),
    Check(
        "balance = sum of the ledger",
        "customer",
        """
        SELECT customer_id AS id, account.balance AS stored, entry.amount AS expected
        FROM billing_account account
        FULL JOIN (SELECT customer_id, sum(amount) AS amount FROM billing_ledgerentry GROUP BY customer_id) AS entry
            USING (customer_id)
        """,
    ),
    Check(
        "balance = open bills less unused credit",
        "customer",
        """
        SELECT customer_id AS id, coalesce(account.balance, 0) AS stored, coalesce(document.amount, 0) AS expected
        FROM billing_account account
        FULL JOIN (
            SELECT customer_id, sum(amount) AS amount FROM (
                SELECT customer_id, total - allocated FROM billing_bill WHERE status = 'open'
                UNION ALL
                SELECT customer_id, allocated + returned - amount FROM billing_payment
                WHERE amount > allocated + returned
                UNION ALL
                SELECT customer_id, allocated + returned - total FROM billing_creditnote
                WHERE total > allocated + returned
            ) AS document (customer_id, amount)
            GROUP BY customer_id
        ) AS document USING (customer_id)
        """,
    ),
    Check(
        "credit pays open bills",
        "customer",
        """
        SELECT customer_id AS id, least(sum(owed), sum(credit)) AS stored, 0 AS expected FROM (
            SELECT customer_id, total - allocated, 0 FROM billing_bill WHERE status = 'open'
            UNION ALL
            SELECT customer_id, 0, amount - allocated - returned FROM billing_payment
            WHERE amount > allocated + returned
            UNION ALL
            SELECT customer_id, 0, total - allocated - returned FROM billing_creditnote
            WHERE total > allocated + returned
        ) AS document (customer_id, owed, credit)
        GROUP BY customer_id
        """,
    ),
)
