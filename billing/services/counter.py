"""The search of the counter: whose code, login, phone, bill number, identity number or name begins like this.

Every way is one short walk along an index, so that a million customers answer as fast as a thousand.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from django.db import connection

Values = Mapping[str, str | int | list[int]]

SHORTEST_PHONE = 3  # digits
REACH = 20_000  # entries of an index that are walked for the customers of some areas; some 20 ms

# The operator ~<~ is the order of the indexes for prefixes: the walk ends after the limit, however many there are.
_CODES = """SELECT id, 'code', code FROM billing_customer
    WHERE code LIKE %(prefix)s ORDER BY code USING ~<~ LIMIT %(limit)s"""
_LOGINS = """SELECT customer_id, 'login', login FROM billing_subscription
    WHERE login LIKE %(prefix)s ORDER BY login USING ~<~ LIMIT %(limit)s"""
_BILLS = """SELECT customer_id, 'bill', number FROM billing_bill
    WHERE number LIKE %(prefix)s ORDER BY number USING ~<~ LIMIT %(limit)s"""
_IDENTITIES = """SELECT id, 'national id', national_id FROM billing_customer
    WHERE national_id LIKE %(prefix)s AND national_id <> '' ORDER BY national_id USING ~<~ LIMIT %(limit)s"""
_PHONES = r"""SELECT id, 'phone', phone FROM billing_customer
    WHERE regexp_replace(phone, '\D', '', 'g') LIKE %(prefix)s
    ORDER BY regexp_replace(phone, '\D', '', 'g') USING ~<~ LIMIT %(limit)s"""
_NAMES = """SELECT id, 'name', name FROM billing_customer
    WHERE lower(name) LIKE lower(%(prefix)s) ORDER BY lower(name) USING ~<~ LIMIT %(limit)s"""
# Planned for all matches, so by the index; read no further than the limit.
_WORDS = """WITH found AS MATERIALIZED (
        SELECT id, name FROM billing_customer
        WHERE to_tsvector('simple'::regconfig, COALESCE(name, '')) @@ to_tsquery('simple'::regconfig, %(words)s)
    ) SELECT id, 'name', name FROM found LIMIT %(limit)s"""


_IN_AREAS = """SELECT found.* FROM ({}) AS found (id, kind, found) JOIN billing_customer USING (id)
    WHERE area_id = ANY(%(areas)s) LIMIT %(limit)s"""


@dataclass(frozen=True)
class Match:
    """A customer, and which of their texts begins as it was typed."""

    customer_id: int
    kind: str
    text: str


def find(typed: str, *, limit: int, areas: Collection[int] | None = None) -> list[Match]:
    """At most ``limit`` customers, those with a number that begins with ``typed`` before those with a name.

    Capital and small letters are the same in names and in numbers of ours; a phone is compared by its digits.
    With ``areas`` only the customers of these areas are found.
    """
    typed = typed.replace("\x00", "").strip()
    if not typed:
        return []
    found: dict[int, Match] = {}
    values: Values = {"limit": limit}
    if areas is not None:
        values = {"limit": limit, "areas": list(areas), "reach": REACH}
    _add(found, *_by_beginning(typed, values))
    if len(found) < limit:
        _add(found, _limited(_WORDS, values), {"words": _all_words(typed), **values})
    return list(found.values())[:limit]


def _add(found: dict[int, Match], query: str, values: Values) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query, values)
        for row in cursor.fetchall():
            found.setdefault(row[0], Match(*row))


def _by_beginning(typed: str, values: Values) -> tuple[str, Values]:
    """One query for all ways, in their order."""
    ways = [(_limited(query, values), prefix) for query, prefix in _ways(typed)]
    parts = [f"({query.replace('prefix', f'prefix_{place}')})" for place, (query, _) in enumerate(ways)]
    prefixes = {f"prefix_{place}": prefix for place, (_, prefix) in enumerate(ways)}
    return " UNION ALL ".join(parts), {**prefixes, **values}


def _limited(query: str, values: Values) -> str:
    """The query for the customers of some areas, when the values name them."""
    return _IN_AREAS.format(query.replace("%(limit)s", "%(reach)s")) if "areas" in values else query


def _ways(typed: str) -> Iterator[tuple[str, str]]:
    """Each query with the pattern that it looks for."""
    for query in (_CODES, _LOGINS, _BILLS, _IDENTITIES):
        for text in dict.fromkeys((typed, typed.upper())):
            yield query, _beginning(text)
    digits = re.sub(r"\D", "", typed)
    if len(digits) >= SHORTEST_PHONE and re.fullmatch(r"[\d\s()+./-]+", typed):
        yield _PHONES, _beginning(digits)
    yield _NAMES, _beginning(typed)


def _beginning(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text) + "%"


def _all_words(typed: str) -> str:
    """A text search for names with a word that begins with each of the words."""
    quoted = (word.replace("\\", "\\\\").replace("'", "''") for word in typed.split())
    return " & ".join(f"'{word}':*" for word in quoted)
