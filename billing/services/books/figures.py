"""The kept figures of reports are the ledger's, as far as they were counted from it (rule S8).

A day on which something was booked since the last count of the whole is left to the next one: documents that came
while it counted are in its figures or not.
"""

from __future__ import annotations

from billing.services.books.check import Check

# A gift that is taken back is no money but income; every other reversal is money that went back.
_IS_MONEY = """
    (kind = 'payment' OR kind = 'reversal' AND NOT EXISTS (
        SELECT FROM billing_reversal reversal
        WHERE reversal.id = entry.reversal_id AND credit_note_id IS NOT NULL AND kind <> 'refund'
    ))
"""


def _by_day(what: str, kept: str, entries: str, sign: str) -> Check:
    return Check(
        f"reports: {what} of each day as in the ledger",
        "day",
        f"""
        SELECT day AS id, coalesce(figure.amount, 0) AS stored, coalesce(booked.amount, 0) AS expected
        FROM ({kept}) AS figure (day, amount)
        FULL JOIN (
            SELECT booked_on, {sign} sum(entry.amount) FILTER (WHERE {entries}), max(entry.id)
            FROM billing_ledgerentry entry GROUP BY booked_on
        ) AS booked (day, amount, last) USING (day)
        JOIN billing_figurescount ON day >= whole_since AND day < whole_on - 1 AND coalesce(last, 0) <= whole_entry
        """,  # noqa: S608  (names of ours)
    )


CHECKS = (
    _by_day(
        "money", "SELECT day, sum(received - returned) FROM billing_collectedday GROUP BY day", _IS_MONEY, sign="-"
    ),
    _by_day(
        "income and tax",
        """
        SELECT day, sum(amount) FROM (
            SELECT day, billed - voided - credited - given_up FROM billing_incomeday
            UNION ALL
            SELECT day, tax - tax_back FROM billing_taxday
        ) AS part (day, amount) GROUP BY day
        """,
        f"NOT {_IS_MONEY}",
        sign="",
    ),
)
