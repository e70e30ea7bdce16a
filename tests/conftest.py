"""What all tests share: the embedded PostgreSQL, plain static files, truncation between committed tests."""

from __future__ import annotations

import os

import pytest
from django.db import connection


@pytest.fixture(autouse=True, scope="session")
def plain_static_files(tmp_path_factory):
    from django.test import override_settings

    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(STORAGES=storages, STATIC_ROOT=tmp_path_factory.mktemp("static")):
        yield


@pytest.fixture(autouse=True, scope="session")
def flush_past_the_guards():
    """Let Django's flush truncate tables whose triggers refuse TRUNCATE, inside its own transaction only."""
    flush = connection.ops.sql_flush

    def sql_flush(*args, **kwargs):
        statements = flush(*args, **kwargs)
        return ["SET LOCAL session_replication_role = replica", *statements] if statements else []

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


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_makereport(item, call):
    """Under REQUIRE_ALL=1 a test that cannot run here is a failure, not a skip."""
    if os.environ.get("REQUIRE_ALL") == "1" and call.excinfo and call.excinfo.errisinstance(pytest.skip.Exception):
        failure = pytest.fail.Exception(f"REQUIRE_ALL=1, but this cannot run: {call.excinfo.value}", pytrace=False)
        call.excinfo = pytest.ExceptionInfo.from_exception(failure.with_traceback(call.excinfo.tb))
