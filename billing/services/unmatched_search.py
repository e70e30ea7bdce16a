"""Find money on the suspense list: by how its reference begins, by phone, and by words of its payer and text.

As with customers (decision 27) each way is a short walk along an index, however long the list is.
"""

from __future__ import annotations

import re

from django.db import connection

from billing.services.customer_search import SHORTEST_PHONE
from billing.services.imports.matching import DIGITS_OF_A_PHONE

MOST = 5_000
_REFERENCES = """SELECT id FROM billing_unmatchedpayment
    WHERE reference LIKE %({})s ORDER BY reference USING ~<~ LIMIT %(most)s"""
_PHONES = r"""SELECT id FROM billing_unmatchedpayment
    WHERE "right"(regexp_replace(phone, '\D', '', 'g'), 9) LIKE %(phone)s LIMIT %(most)s"""
_WORDS = """SELECT id FROM billing_unmatchedpayment
    WHERE to_tsvector('simple'::regconfig, COALESCE(payer, '') || ' ' || COALESCE(text, ''))
        @@ to_tsquery('simple'::regconfig, %(words)s) LIMIT %(most)s"""
# PostgreSQL reads a whole index for DISTINCT; this jumps from one source to the next.
_SOURCES = """
    WITH RECURSIVE known AS (
        (SELECT source FROM billing_unmatchedpayment ORDER BY source LIMIT 1)
        UNION ALL
        SELECT (SELECT source FROM billing_unmatchedpayment WHERE source > known.source ORDER BY source LIMIT 1)
        FROM known WHERE source IS NOT NULL
    )
    SELECT source FROM known WHERE source IS NOT NULL
"""


def find(typed: str) -> list[int]:
    """The ids of at most ``MOST`` rows for each way in which ``typed`` may be meant."""
    typed = typed.replace("\x00", "").strip()
    if not typed:
        return []
    ways = [_REFERENCES.format(name) for name in ("as_typed", "in_capitals")]
    values: dict[str, str | int] = {
        "as_typed": _beginning(typed),
        "in_capitals": _beginning(typed.upper()),
        "most": MOST,
    }
    digits = re.sub(r"\D", "", typed)
    if len(digits) >= SHORTEST_PHONE and re.fullmatch(r"[\d\s()+./-]+", typed):
        ways.append(_PHONES)
        values["phone"] = _beginning(digits[-DIGITS_OF_A_PHONE:].lstrip("0"))
    if words := re.findall(r"\w+", typed.lower()):
        ways.append(_WORDS)
        values["words"] = " & ".join(f"'{word}':*" for word in words)
    with connection.cursor() as cursor:
        cursor.execute(" UNION ".join(f"({way})" for way in ways), values)
        return [row[0] for row in cursor.fetchall()]


def sources() -> list[str]:
    """Whose statements there are rows of, in order."""
    with connection.cursor() as cursor:
        cursor.execute(_SOURCES)
        return [row[0] for row in cursor.fetchall()]


def _beginning(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text) + "%"
