"""The tables of other billing systems as rows of ours: one query for each kind, over tables in memory.

Only the columns that the queries use are read, and of them only what is ours is kept: passwords never are.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from billing.models import ImportedFile
from billing.services.imports import daloradius, phpnuxbill
from billing.services.imports.files import Upload
from billing.services.imports.reading import Row

Kind = ImportedFile.Kind
LONGEST_CODE = 20
Tables = Mapping[str, tuple[Sequence[str], Sequence[Row]]]


@dataclass(frozen=True)
class Product:
    """What we read of another system: its ``tables`` with columns, and by kind the table that has the rows, and how."""

    name: str
    tables: Mapping[str, Sequence[str]]
    queries: Mapping[str, tuple[str, str]]
    notes: Sequence[tuple[str, str]] = ()


PRODUCTS = (
    Product("PHPNuxBill", phpnuxbill.TABLES, phpnuxbill.QUERIES, phpnuxbill.NOTES),
    Product("daloRADIUS", daloradius.TABLES, daloradius.QUERIES, daloradius.NOTES),
)
WANTED = {table for product in PRODUCTS for table in product.tables}
ORDER = (Kind.PLANS, Kind.CUSTOMERS, Kind.SUBSCRIPTIONS)


def code_of(username: str) -> str:
    """The customer code for a user of another system: the name, or its beginning and a digest when it is too long."""
    if len(username) <= LONGEST_CODE:
        return username
    return f"{username[:13]}-{sha256(username.encode()).hexdigest()[:6]}"


def named_like(head: Sequence[str]) -> str:
    """The table of another system that a CSV file with these columns is; empty for none.

    Versions differ, so three of four columns must be there.
    """
    names = {name.strip().lower() for name in head}
    for product in PRODUCTS:
        for table, columns in product.tables.items():
            there = sum(column.lower() in names for column in columns)
            if len(columns) > 3 and there * 4 >= len(columns) * 3:
                return table
    return ""


def uploads(tables: Tables) -> list[Upload]:
    """What there is to import in the tables of another system, in the order in which it is to be imported."""
    found = []
    for product in PRODUCTS:
        if set(product.tables) & set(tables):
            found += _uploads(product, tables)
    return sorted(found, key=lambda one: ORDER.index(Kind(one.kind)))


def _uploads(product: Product, tables: Tables) -> list[Upload]:
    with sqlite3.connect(":memory:") as memory:
        memory.create_function("code_of", 1, lambda name: code_of(str(name or "")))
        for table, columns in product.tables.items():
            _load(memory, table, columns, tables.get(table, ((), ())))
        notes = [f"{product.name}: {note}" for query, note in product.notes if memory.execute(query).fetchone()[0]]
        found = []
        for kind, (main, query) in product.queries.items():
            cursor = memory.execute(query)
            rows = [["" if cell is None else cell for cell in row] for row in cursor]
            if main in tables and rows:
                head = [column[0] for column in cursor.description]
                left_out = [*_left_out(product, tables), *notes]
                mapping = {name: place for place, name in enumerate(head)}
                found.append(Upload(kind, head, rows, mapping, left_out, {"order": "dmy", "decimals": "."}))
    return found


def _load(
    memory: sqlite3.Connection, table: str, columns: Sequence[str], content: tuple[Sequence[str], Sequence[Row]]
) -> None:
    """A table with just the ``columns``, those that the file does not have empty."""
    memory.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
    there = {name.lower(): place for place, name in enumerate(content[0])}
    places = [there.get(column.lower()) for column in columns]
    marks = ", ".join("?" * len(columns))
    rows = ([None if place is None else row[place] for place in places] for row in content[1])
    memory.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)  # noqa: S608  (names of ours)


def _left_out(product: Product, tables: Tables) -> list[str]:
    """The columns of the tables that are not used."""
    found = []
    for table, (columns, _) in tables.items():
        used = {column.lower() for column in product.tables.get(table, ())}
        unused = [column for column in columns if column.lower() not in used]
        if table in product.tables and unused:
            found.append(f"{table}: {', '.join(unused)}")
    return found
