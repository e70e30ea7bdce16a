"""Long downloads through a real Gunicorn: its limit for hung requests does not cut off a list that is still coming."""

import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from tests.jobs.notes import until
from tests.jobs.processes import database_url

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).resolve().parents[2]
TIMEOUT = 8  # seconds after which Gunicorn takes a worker for hung
CUSTOMERS = """
    INSERT INTO billing_customer (code, name, phone, email, address, tax_id, bill_per_subscription, created_at)
    SELECT 'D' || n, 'Customer ' || n, '', '', repeat('x', %s), '', false, %s FROM generate_series(1, %s) AS n
"""
CONFIG = str(ROOT / "gunicorn.conf.py")
WITHOUT_SIGNS_OF_LIFE = f"__file__ = {CONFIG!r}\nexec(open(__file__).read())\ndel post_worker_init\n"


@pytest.fixture
def web(tmp_path):
    """Start Gunicorn with one worker; gives its port when it answers."""
    started = []

    def start(config=CONFIG):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        settings = {"DATABASE_URL": database_url(), "DEMO": "1", "WEB_CONCURRENCY": "1"}
        options = ("--config", str(config), "--bind", f"127.0.0.1:{port}", "--timeout", str(TIMEOUT))
        command = [sys.executable, "-m", "gunicorn", *options, "isp_billing.wsgi:application"]
        environment = {**os.environ, **settings, "WEB_BIND": f"127.0.0.1:{port}"}
        log = (tmp_path / "web.log").open("w")
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        started.append(process)
        until(lambda: _answers(port), 120, "an answer of the web server")
        return port

    yield start
    for process in started:
        process.kill()
        process.wait()


def _answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return _get(port, "/livez", "").status == 200
    except OSError:
        return False


def _get(port, path, cookie):
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    asking.request("GET", path, headers={"Cookie": f"sessionid={cookie}"})
    return asking.getresponse()


def download(port, client, *, seconds):
    """How many lines of the list of customers come, over a link that is so slow."""
    response = _get(port, "/admin/billing/customer/export/?format=csv", client.cookies["sessionid"].value)
    assert response.status == 200
    lines, ended, begun = 0, False, time.monotonic()
    while not ended:
        part = response.read(50_000)
        lines, ended = lines + part.count(b"\n"), not part
        time.sleep(0.05 if time.monotonic() - begun < seconds else 0)
    return lines, time.monotonic() - begun


def customers(count, address=0):
    with connection.cursor() as cursor:
        cursor.execute(CUSTOMERS, [address, timezone.now(), count])


def test_a_list_that_takes_longer_than_a_request_may_comes_whole(web, admin_client):
    customers(60_000, address=250)
    lines, seconds = download(web(), admin_client, seconds=2 * TIMEOUT)
    assert seconds > TIMEOUT
    assert lines == 60_001


@pytest.mark.heavy
def test_control_without_signs_of_life_the_worker_is_replaced_in_the_middle(web, admin_client, tmp_path):
    customers(60_000, address=250)
    config = tmp_path / "without.py"
    config.write_text(WITHOUT_SIGNS_OF_LIFE)
    try:
        lines, _ = download(web(config), admin_client, seconds=2 * TIMEOUT)
    except (http.client.HTTPException, OSError):
        lines = 0
    assert lines < 60_001


@pytest.mark.heavy
def test_300_000_rows_come_whole_and_at_once(web, admin_client):
    customers(300_000)
    lines, seconds = download(web(), admin_client, seconds=0)
    print(f"300,000 rows in {seconds:.1f} s")
    assert lines == 300_001
