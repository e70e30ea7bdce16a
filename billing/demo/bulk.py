"""Load many rows fast: take indexes, constraints and triggers off some tables and put them back.

PostgreSQL's DDL is transactional: nobody else sees the tables without them, and a failure puts
everything back. Making a constraint again checks every row. Only the owner of the tables may do
this; no superuser is needed. Primary keys, NOT NULL and CHECK constraints stay on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Definitions are read from PostgreSQL itself, so that they come back as the migrations made them.
_CONSTRAINTS = """
    SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid), contype = 'f'
    FROM pg_constraint
    WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('f', 'u', 'x')
    ORDER BY contype = 'f', conrelid, conname
"""
_INDEXES = """
    SELECT indrelid::regclass::text, indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index
    WHERE indrelid = ANY(%s::regclass[]) AND NOT indisprimary
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('u', 'x'))
    ORDER BY 1, 2
"""
_TRIGGERS = """
    SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), tgenabled
    FROM pg_trigger WHERE tgrelid = ANY(%s::regclass[]) AND NOT tgisinternal
    ORDER BY 1, 2
"""

Report = Callable[[int, int], None]  # parts done, parts in all


class NotRestored(Exception):
    """The tables would not be as they were before; nothing is committed."""


@dataclass(frozen=True)
class Guards:
    """All that was taken off ``tables``."""

    tables: list[str]
    constraints: list[tuple[Any, ...]]
    indexes: list[tuple[Any, ...]]
    triggers: list[tuple[Any, ...]]


def take_off(cursor: Any, tables: list[str]) -> Guards:
    """Drop the secondary indexes and the unique, exclusion and foreign-key constraints; silence triggers."""
    guards = _look(cursor, tables)
    cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # No table can be altered while one of its checks waits.
    for table, name, *_ in reversed(guards.constraints):
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for _, name, _ in guards.indexes:
        cursor.execute(f"DROP INDEX {name}")
    for table in tables:
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    return guards


def put_back(cursor: Any, guards: Guards, report: Report) -> None:
    """Make everything again, the foreign keys last; raises NotRestored unless it is all as before."""
    unique = [constraint for constraint in guards.constraints if not constraint[3]]
    foreign = [constraint for constraint in guards.constraints if constraint[3]]
    statements = [f"ALTER TABLE {table} ADD CONSTRAINT {name} {text}" for table, name, text, _ in unique]
    statements += [definition for _, _, definition in guards.indexes]
    statements += [f"ALTER TABLE {table} ADD CONSTRAINT {name} {text}" for table, name, text, _ in foreign]
    for done, statement in enumerate(statements, start=1):
        cursor.execute(statement)
        report(done, len(statements))
    for table in guards.tables:
        cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
    if _look(cursor, guards.tables) != guards:
        raise NotRestored("Indexes, constraints or triggers are not as they were before the load.")


def _look(cursor: Any, tables: list[str]) -> Guards:
    def rows(query: str) -> list[tuple[Any, ...]]:
        cursor.execute(query, [tables])
        return list(cursor.fetchall())

    return Guards(tables, rows(_CONSTRAINTS), rows(_INDEXES), rows(_TRIGGERS))
