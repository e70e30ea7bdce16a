import json
from contextlib import contextmanager

import pytest
from django.db import connection

from tests.jobs.notes import Notes
from tests.jobs.processes import Process, Service, end_what_they_left


@pytest.fixture
def start(tmp_path, transactional_db):
    """Start schedulers (or another program) that are gone when the test ends, before the tables are emptied."""
    started = []

    def start_one(*command, **environment):
        heartbeat = str(tmp_path / f"heartbeat-{len(started)}")
        process = Process(*(command or ("run_scheduler.py",)), **{"SCHEDULER_HEARTBEAT_FILE": heartbeat, **environment})
        started.append(process)
        return process

    yield start_one
    for process in started:
        process.kill()
    end_what_they_left()


@pytest.fixture
def notes(transactional_db):
    notes = Notes()
    notes.create()
    yield notes
    notes.drop()


@pytest.fixture
def program(notes, start):
    """Start a scheduler with jobs of the test and short timers: ``program({"id": "tick", "every": 1})``."""

    def start_program(*jobs, timers=None, **environment):
        return start("-m", "tests.jobs.program", JOBS=json.dumps(jobs), TIMERS=json.dumps(timers or {}), **environment)

    return start_program


@pytest.fixture
def service(program):
    """The same under a restart policy: whenever it ends with an error, it is started again."""
    services = []

    def start_service(*jobs, **options):
        services.append(Service(lambda: program(*jobs, **options)))
        return services[-1]

    yield start_service
    for service in services:
        service.stop()


class Gate:
    """A job that does ``job`` waits at a gate while it is closed; for five seconds at most, the limit of locks."""

    job = "query SELECT pg_advisory_xact_lock(2026)"

    def __init__(self, other_session):
        self._other_session = other_session

    def closed(self):
        return self._other_session("SELECT pg_advisory_xact_lock(2026)")


@pytest.fixture
def gate(other_session):
    return Gate(other_session)


@pytest.fixture
def other_session():
    """A transaction of somebody else that stays open in a ``with``."""

    @contextmanager
    def hold(statement):
        session = connection.copy()
        try:
            session.set_autocommit(False)
            with session.cursor() as cursor:
                cursor.execute(statement)
            yield
        finally:
            session.close()

    return hold
