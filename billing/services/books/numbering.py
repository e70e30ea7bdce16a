"""The numbers of documents: 1 to n without a gap, printed as their series says (rule M10)."""

from __future__ import annotations

from billing.services.books.check import Check


def _without_gaps(noun: str, table: str, series: str) -> Check:
    """Each number follows the one before; the last row stands for the number that comes next."""
    return Check(
        f"numbers: every {noun} follows the one before",
        f"{series} number",
        f"""
        SELECT sequence AS id, sequence AS stored, lag(sequence, 1, 0::bigint) OVER (ORDER BY sequence) + 1 AS expected
        FROM (
            SELECT sequence FROM {table} WHERE sequence IS NOT NULL
            UNION ALL
            SELECT coalesce((SELECT last_value FROM billing_numberseries WHERE key = '{series}'), 0) + 1
        ) AS given
        """,  # noqa: S608  (names of ours)
    )


def _printed(noun: str, table: str, series: str) -> Check:
    """Ending in its number, filled up with zeros; staff may have changed the prefix or the digits since."""
    return Check(
        f"numbers: every {noun} is printed with its own",
        noun,
        f"""
        SELECT document.id, number AS stored, CASE
            WHEN right(number, length(padded)) = padded THEN number
            WHEN ltrim(substring(number FROM '[0-9]*$'), '0') = sequence::text THEN number
            ELSE padded
        END AS expected
        FROM {table} document
        LEFT JOIN billing_numberseries series ON series.key = '{series}'
        CROSS JOIN LATERAL (SELECT lpad(sequence::text, greatest(digits, length(sequence::text)), '0')) AS form (padded)
        WHERE number IS NOT NULL
        """,  # noqa: S608  (names of ours)
    )


_SERIES = (
    ("bill", "billing_bill", "bill"),
    ("receipt", "billing_payment", "receipt"),
    ("credit note", "billing_creditnote", "credit note"),
)

CHECKS = tuple(check for names in _SERIES for check in (_without_gaps(*names), _printed(*names)))
