"""What all tests share: the embedded PostgreSQL, plain static files, empty tables between committed tests."""

from __future__ import annotations

import os

import pytest
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from tests.migrated import template

# How long an example takes says something of the machine, and nothing of what is tested.
hypothesis.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("tests")


@pytest.fixture(autouse=True, scope="session")
def plain_static_files(tmp_path_factory):
    from django.test import override_settings

    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(STORAGES=storages, STATIC_ROOT=tmp_path_factory.mktemp("static")):
        yield


# Made by the migrations, the same for every test
KEPT = {
    "auth_permission",
    "django_content_type",
    "auth_group",
    "auth_group_permissions",
    "billing_role",
    "billing_networkpolicy",
}


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings):
    """Migrate once for all processes, and not again until a migration changes."""
    connection.settings_dict["TEST"]["TEMPLATE"] = template()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """Commits wait for no disk: tests end processes, not the kernel, so the next reader sees them all the same."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
        connection.close()


@pytest.fixture(autouse=True, scope="session")
def quick_flush_past_the_guards():
    """Between committed tests delete the few rows there are, past the triggers that refuse it.

    Truncating 50 tables with their indexes takes a second, however empty they are.
    """
    flush = connection.ops.sql_flush

    def sql_flush(style, tables, **kwargs):
        names = [connection.ops.quote_name(table) for table in tables if table not in KEPT]
        return ["SET LOCAL session_replication_role = replica", *(f"DELETE FROM {name}" for name in names)]

    connection.ops.sql_flush = sql_flush
    yield
    connection.ops.sql_flush = flush


@pytest.fixture
def books_are_right(db):
    """After the test everything that is stored is what the raw rows come to, and waits in no deferred constraint."""
    from billing.services import books
    from tests.builders import at

    yield
    books.require(books.verify(now=at("2099-01-01")))


@pytest.fixture(scope="session")
def cluster():
    """A PostgreSQL that may be stopped, crashed and frozen; each test works in a ``copy`` of its database."""
    from tests.database_places import open_place
    from tests.faults.cluster import Cluster

    with open_place() as place:
        server = Cluster(place)
        server.start()
        server.prepare()
        yield server
        server.end()


@pytest.fixture(scope="session")
def can_write_pdf():
    """Skips where the system libraries that make PDF are missing."""
    from billing.documents import rendering

    try:
        rendering.require_pdf()
    except rendering.PdfUnavailable as reason:
        pytest.skip(f"{reason} `make setup-test-host` installs them")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    """Under REQUIRE_ALL=1 a test that cannot run here is a failure, not a skip."""
    if os.environ.get("REQUIRE_ALL") == "1" and call.excinfo and call.excinfo.errisinstance(pytest.skip.Exception):
        failure = pytest.fail.Exception(f"REQUIRE_ALL=1, but this cannot run: {call.excinfo.value}", pytrace=False)
        call.excinfo = pytest.ExceptionInfo.from_exception(failure.with_traceback(call.excinfo.tb))
