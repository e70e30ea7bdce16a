import pytest
from django.db import connection

from billing.demo import loader
from tests.builders import at

NOW = at("2026-11-23T12:00")


@pytest.fixture
def empty_database(transactional_db):
    """Without the note of what was loaded: it is no row, so the cleaning of the tables leaves it."""
    with connection.cursor() as cursor:
        cursor.execute("COMMENT ON TABLE billing_customer IS NULL")


@pytest.fixture
def load(empty_database):
    """Load the demo without showing its progress."""

    def load_quietly(customers=200, now=NOW, report=lambda *told: None):
        loader.load(customers=customers, now=now, report=report)
        return now

    return load_quietly
