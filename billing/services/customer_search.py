"""Find a customer by what the desk is told: how a code, login, phone, bill number, identity number or name begins.

Every way is one short walk along an index, so that a million customers answer as fast as a thousand. The counter
and the lists search alike.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

Values = Mapping[str, Any]

SHORTEST_PHONE = 3  # digits
REACH = 20_000  # entries of an index that are walked for the customers of some areas; some 20 ms
LONG_WORD = 3  # letters; shorter beginnings are those of too many names
BETWEEN_WORDS = r"[\s!-/:-@\[-`{-~]+"  # spaces and ASCII punctuation
MOST_LOOKED_AT = 5_000  # names with the long words, in which short ones are looked for

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
# Planned for all matches, so by the index; read no further than the limits.
_WORDS = """WITH found AS MATERIALIZED (
        SELECT id, name FROM billing_customer
        WHERE to_tsvector('simple'::regconfig, COALESCE(name, '')) @@ to_tsquery('simple'::regconfig, %(words)s)
    ), near AS (SELECT id, name FROM found LIMIT %(near)s)
    SELECT id, 'name', name FROM near
    WHERE ' ' || regexp_replace(lower(name), %(between)s, ' ', 'g') LIKE ALL (%(beginnings)s) LIMIT %(limit)s"""


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

    Capital and small letters are the same in names and in numbers of ours; a phone is compared by its digits. A word
    of less than ``LONG_WORD`` letters that does not begin the name counts in full, or beside a longer one. With
    ``areas`` only the customers of these areas are found.
    """
    typed = typed.replace("\x00", "").strip()
    if not typed:
        return []
    found: dict[int, Match] = {}
    values: Values = {"limit": limit}
    if areas is not None:
        values = {"limit": limit, "areas": list(areas), "reach": REACH}
    _add(found, *_by_beginning(typed, values))
    words = [word for word in re.split(BETWEEN_WORDS, typed.lower()) if word]
    if words and len(found) < limit:
        _add(found, *_by_words(words, values))
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
    """The pattern for LIKE of what begins with ``text``."""
    return re.sub(r"([\\%_])", r"\\\1", text) + "%"


def _by_words(words: list[str], limits: Values) -> tuple[str, Values]:
    """The text search for names with all words: long ones as beginnings, and in what they find the short ones.

    Names with a word that begins with one or two given letters are a good part of the table, so without a long word
    the short ones are looked for as they are.
    """
    long = [word for word in words if len(word) >= LONG_WORD]
    short = [word for word in words if len(word) < LONG_WORD] if long else []
    values = {
        "words": " & ".join([f"'{word}':*" for word in long] or [f"'{word}'" for word in words]),
        "beginnings": ["%", *(f"% {word}%" for word in short)],
        "between": BETWEEN_WORDS,
        "near": MOST_LOOKED_AT,
        **limits,
    }
    return _limited(_WORDS, limits), values
