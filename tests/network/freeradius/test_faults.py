"""FreeRADIUS while its database is away: silence instead of refusals, and no restart needed afterwards."""

import os
import secrets
import subprocess
import sys
from urllib.parse import urlsplit

import psycopg2
import pytest

from tests.database_places import ROOT, open_place
from tests.jobs.notes import until
from tests.network.freeradius import nas
from tests.network.freeradius.nas import Nas
from tests.network.freeradius.server import FreeRadius, require
from tests.services.network.situations import PASSWORD, SECRET

KEY = "key-of-the-fault-tests-" + "x" * 20

PREPARE = f"""
from tests.services.network.situations import make_online_subscription, make_router
from billing.services.network import policy, radius_login
policy.follow()
make_router(address="127.0.0.1")
make_online_subscription(login="ann", password="{PASSWORD}")
radius_login.grant("isp_freeradius", "{{password}}")
"""


@pytest.fixture(scope="module")
def programs():
    require()


@pytest.fixture(scope="module")
def database(programs, cluster):
    url, password = cluster.copy("freeradius"), secrets.token_urlsafe(24)
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "DEMO": "1", "NETWORK_KEY": KEY}
    subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", PREPARE.replace("{password}", password)],
        cwd=ROOT, env=environment, check=True,
    )  # fmt: skip
    parts = urlsplit(url)
    return {
        "host": parts.hostname, "port": str(parts.port), "name": parts.path.strip("/"), "user": "isp_freeradius",
        "password": password,
    }  # fmt: skip


@pytest.fixture
def owner(cluster, database):
    """A cursor of who migrates that database."""
    session = psycopg2.connect(cluster.url.replace("/django_db", "/freeradius"))
    session.autocommit = True
    yield session.cursor()
    session.close()


@pytest.fixture
def start(database):
    servers = []

    def start_server(**environment):
        server = FreeRadius(place, database=database, key=KEY, RADIUS_ROUTER_SECONDS="60", **environment)
        servers.append(server)
        server.start()
        return server

    with open_place() as place:
        yield start_server
        for server in servers:
            server.stop()


def sign_in(server, **options):
    return Nas(server, address="127.0.0.1", secret=SECRET).sign_in("ann", PASSWORD, **options)


def is_silent(server):
    return sign_in(server, seconds=nas.SILENCE) is None


def test_while_the_database_is_away_there_is_silence_and_afterwards_answers(cluster, start):
    server = start()
    assert sign_in(server).is_accepted
    with cluster.stopped():
        assert is_silent(server) and is_silent(server)
        router = Nas(server, address="127.0.0.1", secret=SECRET)
        assert not router.account(nas.START, User_Name="ann", seconds=nas.SILENCE)
        assert server.is_healthy()  # it is not its fault, and a restart would not help
    until(lambda: (answer := sign_in(server, seconds=nas.SILENCE)) and answer.is_accepted)
    assert Nas(server, address="127.0.0.1", secret=SECRET).account(nas.START, User_Name="ann", Acct_Session_Id="1")


def test_a_restart_of_the_database_refuses_nobody(cluster, start):
    server = start()
    assert sign_in(server).is_accepted
    cluster.restart()
    answers = [answer for answer in (sign_in(server, seconds=0.5) for _ in range(40)) if answer]
    assert answers and all(answer.is_accepted for answer in answers)


def test_it_starts_while_the_database_is_down(cluster, start):
    with cluster.stopped():
        server = start()
        assert is_silent(server)
    until(lambda: (answer := sign_in(server, seconds=nas.SILENCE)) and answer.is_accepted)


def test_a_wrong_key_is_silence_and_no_refusal(start):
    server = start(NETWORK_KEY="another-key-" * 4)
    assert is_silent(server)
    assert "is not the key" in server.log and KEY not in server.log and "another-key" not in server.log


def test_it_starts_before_the_migrations(owner, start):
    owner.execute("ALTER FUNCTION radius.sign_in RENAME TO not_yet")
    try:
        server = start()
        assert is_silent(server)
    finally:
        owner.execute("ALTER FUNCTION radius.not_yet RENAME TO sign_in")
    until(lambda: (answer := sign_in(server, seconds=nas.SILENCE)) and answer.is_accepted)


def test_the_key_is_in_no_statement_whatever_postgresql_logs_of_them(cluster, owner, start):
    """A statement that fails is logged whole, and it fails when the functions are not there yet."""
    owner.execute("ALTER ROLE isp_freeradius SET log_statement = 'all'")
    owner.execute("ALTER FUNCTION radius.sign_in RENAME TO not_yet")
    try:
        assert is_silent(start())
    finally:
        owner.execute("ALTER FUNCTION radius.not_yet RENAME TO sign_in")
        owner.execute("ALTER ROLE isp_freeradius RESET log_statement")
    log = "".join(file.read_text(errors="replace") for file in cluster.folder.glob("log/*"))
    assert "radius.sign_in" in log and "PREPARE" in log
    assert KEY not in log


@pytest.mark.parametrize("first", ["", "DROP FUNCTION radius.sign_in;"])
def test_a_migration_that_replaces_what_is_asked_needs_no_restart(owner, start, first):
    server = start()
    assert sign_in(server).is_accepted
    owner.execute("SELECT pg_get_functiondef('radius.sign_in'::regproc)")
    owner.execute(f"BEGIN; {first} {owner.fetchone()[0]}; SELECT radius.grant_role(); COMMIT")
    assert sign_in(server).is_accepted
