"""What is wrong with the database, in words that say what to do."""

from __future__ import annotations

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from psycopg2 import errors

NOT_MIGRATED = "The database is not migrated. Run: python manage.py migrate"


def explain(error: BaseException) -> str:
    """One line for an error that the database connection raised; never a password."""
    if isinstance(error.__cause__, errors.UndefinedTable | errors.UndefinedColumn):
        return NOT_MIGRATED
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    if "password authentication failed" in reason or "no password supplied" in reason:
        return f"The database refuses the sign-in ({reason}). Check user and password in DATABASE_URL."
    if "does not exist" in reason:
        return f"The database cannot be used ({reason}). Check the names in DATABASE_URL."
    return f"The database does not answer ({reason}). Check that PostgreSQL runs and that DATABASE_URL is right."


def current() -> str | None:
    """What keeps the database from being used now, or None when it is ready and migrated."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except (DatabaseError, InterfaceError) as error:
        return explain(error)
    return NOT_MIGRATED if plan else None
