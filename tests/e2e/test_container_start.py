"""What the web server and the containers say when they cannot start: one clear text, no traceback."""

import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scripts import wait_for_database
from tests.jobs.processes import database_url

ROOT = Path(__file__).resolve().parents[2]
NOWHERE = "postgresql://someone:a-password@127.0.0.1:1/nothing"
GOOD_SETTINGS = {"DATABASE_URL": NOWHERE, "DJANGO_SECRET_KEY": "0123456789abcdef" * 4, "DEMO": "0"}


def gunicorn(**settings):
    """Start the web server with ``settings``; it is expected to end by itself."""
    environment = {**os.environ, **GOOD_SETTINGS, **settings}
    command = [sys.executable, "-m", "gunicorn", "--config", "gunicorn.conf.py", "isp_billing.wsgi:application"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=180)


@pytest.fixture
def taken_port():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_taken_port_is_named_with_the_way_out(taken_port):
    started = gunicorn(WEB_BIND=f"127.0.0.1:{taken_port}")
    assert started.returncode == 1
    assert f"Port {taken_port} is taken" in started.stderr
    assert "PORT=8001" in started.stderr
    assert "Traceback" not in started.stderr


@pytest.mark.parametrize("address", ["8000", "127.0.0.1:80000"])
def test_an_address_that_is_none_is_told(address):
    started = gunicorn(WEB_BIND=address)
    assert started.returncode == 1
    assert f"WEB_BIND is '{address}': write ADDRESS:PORT" in started.stderr
    assert "Traceback" not in started.stderr


def test_wrong_settings_stop_the_web_server_with_the_message_of_the_check(free_port):
    started = gunicorn(WEB_BIND=f"127.0.0.1:{free_port}", EXPIRY_CHECK_CRON="every minute", DUE_DAYS="-1")
    assert started.returncode == 1
    assert "EXPIRY_CHECK_CRON" in started.stderr
    assert "DUE_DAYS" in started.stderr
    assert "HINT" in started.stderr
    assert "Traceback" not in started.stderr
    assert "Booting worker" not in started.stderr


@pytest.mark.parametrize("count", ["abc", "0", "-2", "2.5"])
def test_a_worker_count_that_cannot_be_used_is_told_before_gunicorn_reads_it(count):
    started = subprocess.run(
        ["sh", ROOT / "docker-entrypoint.sh", "true"],
        env={"PATH": os.environ["PATH"], "WEB_CONCURRENCY": count},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert started.returncode == 1
    assert started.stderr == f"WEB_CONCURRENCY is '{count}': write a whole number of at least 1.\n"


def wait(tmp_path, **variables):
    """Run the script that containers begin with."""
    environment = {"PATH": os.environ["PATH"], **variables}
    command = [sys.executable, ROOT / "scripts" / "wait_for_database.py"]
    return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({}, "No database is named. Set DATABASE_URL="),
        ({"DATABASE_URL_FILE": "/nonexistent/url"}, "DATABASE_URL_FILE cannot be read"),
        ({"DATABASE_URL": "psql:/someone:a-password@host"}, "DATABASE_URL cannot be read"),
    ],
)
def test_an_address_that_cannot_work_is_told_at_once(tmp_path, variables, told):
    waited = wait(tmp_path, **variables)
    assert waited.returncode == 1
    assert told in waited.stderr
    assert "a-password" not in waited.stderr
    assert "Traceback" not in waited.stderr


def test_a_silent_database_is_tried_again_with_a_line_each_and_not_for_ever(capsys, monkeypatch):
    monkeypatch.setattr(wait_for_database, "PAUSE_SECONDS", 0.1)
    with pytest.raises(wait_for_database.NotReady, match=r"127\.0\.0\.1:1 did not answer within 1\.5 s"):
        wait_for_database.wait(NOWHERE, seconds=1.5)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) >= 2
    assert all(line.startswith("Waiting for the database at 127.0.0.1:1: ") for line in lines)
    assert not any("a-password" in line for line in lines)


@pytest.mark.django_db
def test_the_wait_ends_when_the_database_answers_and_a_missing_one_is_told(capsys):
    wait_for_database.wait(database_url(), seconds=60)
    with pytest.raises(wait_for_database.NotReady, match="Create the missing database"):
        wait_for_database.wait(database_url("no_such_database"), seconds=5)
    assert capsys.readouterr().out == ""


def test_a_database_that_starts_later_is_found(free_port):
    """The first tries meet a closed port, a later one meets a server that is no PostgreSQL."""
    url = f"postgresql://someone:a-password@127.0.0.1:{free_port}/nothing"
    assert "refused" in wait_for_database.failure(url)
    with socket.create_server(("127.0.0.1", free_port)) as server:
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        assert "closed the connection" in wait_for_database.failure(url)
