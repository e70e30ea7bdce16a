"""What is wrong with the database, in words that say what to do."""

from __future__ import annotations

import psycopg2
from django.db import DatabaseError, InterfaceError, OperationalError, connection
from django.db.migrations.exceptions import MigrationSchemaMissing
from django.db.migrations.executor import MigrationExecutor
from psycopg2 import errors

NOT_MIGRATED = "The database is not migrated. Run: python manage.py migrate"
NO_ANSWER = (OperationalError, InterfaceError, psycopg2.OperationalError, psycopg2.InterfaceError)

# PostgreSQL's error codes, by how they begin. Connection, sign-in, unknown database, shutting down or starting, full:
CONNECTION_CODES = ("08", "28", "3D", "57P", "53300")
# Deadlock, no more memory or disk, a lock not had in time, a time limit, a fault of the disk:
GIVING_UP_CODES = ("40", "53", "55P03", "57014", "58")


def explain(error: BaseException) -> str | None:
    """One line for a fault of the database or of its set-up, never a password; None for a bug of the program."""
    code = getattr(error.__cause__ or error, "pgcode", None)
    if isinstance(error, NO_ANSWER) and (code is None or code.startswith(CONNECTION_CODES)):
        return _no_answer(_first_line(error))
    if code and code.startswith(GIVING_UP_CODES):
        return f"The database gave up ({_first_line(error)}). Nothing of this step was saved. Try again."
    if isinstance(error, MigrationSchemaMissing) or isinstance(error.__cause__, errors.InsufficientPrivilege):
        return f"The database user may not do this ({_first_line(error)}). Make it the owner of the database."
    if isinstance(error.__cause__, errors.UndefinedTable | errors.UndefinedColumn) and current() == NOT_MIGRATED:
        return NOT_MIGRATED
    if isinstance(error, DatabaseError) and "invalid dsn" in str(error):
        return f"The options in DATABASE_URL cannot be used ({_first_line(error)}). Correct what follows its “?”."
    return None


def current() -> str | None:
    """What keeps the database from being used now, or None when it is ready and migrated."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, InterfaceError) as error:
        return explain(error) or _no_answer(_first_line(error))
    return NOT_MIGRATED if plan else None


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _no_answer(reason: str) -> str:
    if "password authentication failed" in reason or "no password supplied" in reason:
        return f"The database refuses the sign-in ({reason}). Check user and password in DATABASE_URL."
    if "does not exist" in reason:
        return f"The database cannot be used ({reason}). Check the names in DATABASE_URL."
    return f"The database does not answer ({reason}). Check that PostgreSQL runs and that DATABASE_URL is right."
