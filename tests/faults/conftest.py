"""Schedulers on a PostgreSQL of these tests' own; each test has a database of its own in it."""

import json
from contextlib import contextmanager
from itertools import count

import pytest

from tests.database_places import connect
from tests.jobs.conftest import service, start  # noqa: F401  (fixtures; it starts what ``program`` of here does)
from tests.jobs.notes import Notes

_numbers = count(1)


@pytest.fixture
def database(cluster):
    """The address of a new database."""
    return cluster.copy(f"test_{next(_numbers)}")


@pytest.fixture
def notes(database):
    @contextmanager
    def cursor():
        session = connect(database)
        try:
            with session, session.cursor() as one:
                yield one
        finally:
            session.close()

    kept = Notes(cursor)
    kept.create()
    return kept


@pytest.fixture
def program(database, notes, start):  # noqa: F811
    """Start a scheduler with jobs of the test and short timers: ``program({"id": "tick", "every": 1})``."""

    def start_program(*jobs, timers=None, **environment):
        values = {"JOBS": json.dumps(jobs), "TIMERS": json.dumps(timers or {}), "DATABASE_URL": database}
        return start("-m", "tests.jobs.program", **{**values, **environment})

    return start_program
