"""The database of the benchmarks: an embedded PostgreSQL of its own, made anew for each size."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg2

from utils.database import ensure_running, stop

FOLDER = Path(__file__).resolve().parent.parent / "var" / "benchmarks"
SQL = Path(__file__).parent / "sql"
SOCKET = "@isp-billing-benchmarks"  # of Linux: it has no file
SHARED_BUFFERS = "2GB"  # what the README advises for a million subscribers
FIRST_DAY = date(2026, 1, 1)
PRICE = Decimal("29.90")
LOADED = (
    "billing_customer", "billing_subscription", "billing_accessstate", "billing_billingstate", "billing_account",
)  # fmt: skip


def use() -> None:
    """Start the server and let Django work in its database; comes before the models are loaded."""
    os.environ |= {
        "DATABASE_URL": _prepared_server(),
        "DEMO": "1",
        "DJANGO_SETTINGS_MODULE": "isp_billing.settings",
        "LOG_LEVEL": "WARNING",
        "MAX_CUTS_PERCENT": "100",
        "NETWORK_KEY": "a-key-for-made-up-routers-and-nothing-else",
        "STATIC_ROOT": str(FOLDER / "static"),
    }


def _prepared_server() -> str:
    """The server's URL; it has memory, and a socket that what runs beside it may take."""
    url = ensure_running(FOLDER).url
    connection = psycopg2.connect(url)
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('unix_socket_directories'), current_setting('shared_buffers')")
            socket, memory = cursor.fetchone()
            if SOCKET in socket and memory == SHARED_BUFFERS:  # the socket may be quoted
                return url
            cursor.execute("ALTER SYSTEM SET unix_socket_directories = %s", [SOCKET])
            cursor.execute("ALTER SYSTEM SET shared_buffers = %s", [SHARED_BUFFERS])
    finally:
        connection.close()
    stop(FOLDER)
    return ensure_running(FOLDER).url


def connect(url: str = "") -> Any:
    """A connection that knows nothing of Django, for SQL written by hand; each statement commits."""
    connection = psycopg2.connect(url or os.environ["DATABASE_URL"], options="-c random_page_cost=1.1")
    connection.autocommit = True
    _without_our_triggers(connection.cursor())
    return connection


def make_database(name: str) -> str:
    """Another database of the same server, empty; its URL."""
    connection = connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            cursor.execute(f"CREATE DATABASE {name}")
    finally:
        connection.close()
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@contextmanager
def triggers_off() -> Iterator[Callable[[Callable[[], object]], object]]:
    """What calls a function in which Django works without the triggers that write the ledger and check documents.

    Foreign keys are still checked. It is called in a thread with a session of its own: to turn triggers off
    makes PostgreSQL forget the plans of a session.
    """
    with ThreadPoolExecutor(1, initializer=_use_no_triggers) as apart:
        try:
            yield lambda act: apart.submit(act).result()
        finally:
            apart.submit(_close).result()


def _use_no_triggers() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        _without_our_triggers(cursor)


def _close() -> None:
    from django.db import connection

    connection.close()


def populate(customers: int) -> None:
    """An empty database, then ``customers`` customers with one subscription each, their first period due in January."""
    from django.db import connection, transaction

    from billing.demo import bulk
    from billing.models import Plan

    empty()
    Plan.objects.create(pk=1, code="home", name="Home 50", price=PRICE, due_days=14)
    with transaction.atomic(), connection.cursor() as cursor:
        guards = bulk.take_off(cursor, list(LOADED))
        cursor.execute(sql("population"), {"customers": customers, "first_day": FIRST_DAY})
        bulk.put_back(cursor, guards, lambda done, parts: None)
    with connection.cursor() as cursor:
        cursor.execute(sql("foreign_keys_for_all"))
    settle_down()


def empty() -> None:
    """The tables, with no row but those of the migrations."""
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS radius CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    call_command("migrate", verbosity=0)


def settle_down(*tables: str) -> None:
    """What PostgreSQL would do to ``tables`` or all sooner or later, so that it does not while the time is taken."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {', '.join(tables)}")
        cursor.execute("CHECKPOINT")


@cache
def sql(name: str) -> str:
    return (SQL / f"{name}.sql").read_text()


def _without_our_triggers(cursor: Any) -> None:
    cursor.execute("SET session_replication_role = replica")
