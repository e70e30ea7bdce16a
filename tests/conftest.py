"""What all tests share: the embedded PostgreSQL, plain static files, truncation between committed tests."""

from __future__ import annotations

import os

import pytest
from django.db import connection


@pytest.fixture(autouse=True, scope="session")
def plain_static_files():
    from django.test import override_settings

    storages = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    with override_settings(STORAGES=storages):
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


HEAVY_PARTS = {"browser", "compose", "demo"}


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Under REQUIRE_ALL=1 a part that cannot run here is a failure, not a skip."""
    report = yield
    if (
        report.skipped
        and os.environ.get("REQUIRE_ALL") == "1"
        and HEAVY_PARTS & {mark.name for mark in item.iter_markers()}
    ):
        report.outcome = "failed"
        report.longrepr = f"REQUIRE_ALL=1, but this part cannot run: {call.excinfo.value}"
    return report
