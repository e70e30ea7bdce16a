"""make demo, really run in a copy of the checkout: one story, told by tests in their order."""

import http.cookiejar
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

from billing.demo import ADMIN, ADMIN_PASSWORD
from tests.database_places import ROOT, open_place
from utils.database_folder import poll

pytestmark = pytest.mark.demo

LEFT_BEHIND = shutil.ignore_patterns(".git", ".venv*", "var", "__pycache__", ".*_cache", ".hypothesis", ".env")
# The settings of whoever runs the tests are not the demo's.
ENVIRONMENT = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}


class Demo:
    """One run of ``make demo``; its output goes to a file that is read as it grows."""

    def __init__(self, folder, port):
        self.folder, self.port = folder, port
        self.log = folder / "demo.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                ["make", "demo", f"PORT={port}", f"PYTHON={sys.executable}"],
                cwd=folder, env=ENVIRONMENT, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def shows(self, pattern, seconds):
        """The first match in the output, which may take so long to come."""
        found = None

        def is_there():
            nonlocal found
            found = re.search(pattern, self.log.read_text(), re.MULTILINE)
            return found or self.process.poll() is not None

        poll(is_there, until=time.monotonic() + seconds)
        assert found, f"no {pattern!r} within {seconds} s in:\n{self.log.read_text()}"
        return found

    def interrupt(self):
        """Press Ctrl-C: every process of the terminal gets the signal. The exit code of make."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(timeout=60)

    def processes(self):
        """Whatever works in its folder, PostgreSQL included."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                if (entry / "cwd").resolve().is_relative_to(self.folder):
                    found.append((entry.name, (entry / "cmdline").read_bytes()))
            except OSError:
                continue
        return found

    def ask(self, code):
        """What a Django shell beside the running demo prints."""
        return subprocess.run(
            [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
            cwd=self.folder, env={**ENVIRONMENT, "DEMO": "1"}, capture_output=True, text=True, check=True, timeout=180,
        ).stdout.strip()  # fmt: skip


@pytest.fixture(scope="module")
def folder():
    assert sys.prefix != sys.base_prefix, "run the tests with the Python of .venv"
    with open_place() as place:
        copy = place / "isp-billing"
        shutil.copytree(ROOT, copy, ignore=LEFT_BEHIND)
        (copy / ".venv").symlink_to(Path(sys.prefix))
        yield copy


@pytest.fixture(scope="module")
def demo(folder):
    running = Demo(folder, free_port())
    yield running
    if running.process.poll() is None:
        running.interrupt()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def is_open(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_it_says_where_it_is_and_how_to_sign_in(demo):
    address = demo.shows(r"The demo runs at +(http://\S+)", seconds=240)[1]
    assert address == f"http://127.0.0.1:{demo.port}/"
    assert demo.shows(rf"Sign in as +{ADMIN}, password {ADMIN_PASSWORD}$", seconds=30)
    assert str(demo.folder / "var" / "postgres") in demo.log.read_text()
    with urllib.request.urlopen(f"{address}healthz", timeout=60) as answer:
        assert answer.status == 200
    assert poll(lambda: demo.log.read_text().count("Booting worker") == 3, until=time.monotonic() + 60)


def test_the_shown_password_signs_in(demo):
    demo.shows("The demo runs at", seconds=240)
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(cookies := http.cookiejar.CookieJar()))
    login = f"http://127.0.0.1:{demo.port}/admin/login/"
    browser.open(login, timeout=60).read()
    token = next(cookie.value for cookie in cookies if cookie.name == "csrftoken")
    form = {"username": ADMIN, "password": ADMIN_PASSWORD, "csrfmiddlewaretoken": token, "next": "/admin/"}
    with browser.open(login, urllib.parse.urlencode(form).encode(), timeout=60) as page:
        assert page.url == f"http://127.0.0.1:{demo.port}/admin/"
        assert page.status == 200


def test_a_second_demo_and_a_taken_port_are_refused_with_advice(demo, folder):
    demo.shows("The demo runs at", seconds=240)
    for port, message in [(demo.port, "make demo PORT="), (free_port(), "runs already")]:
        second = subprocess.run(
            ["make", "demo", f"PORT={port}", f"PYTHON={sys.executable}"],
            cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False, timeout=180,
        )  # fmt: skip
        assert second.returncode
        assert message in second.stderr
        assert "Traceback" not in second.stderr


def test_within_a_minute_the_overdue_are_disabled(demo):
    codes = demo.shows(r"scheduler \| (\d+) subscriptions disabled: (.+)$", seconds=180)
    assert int(codes[1]) == len(codes[2].split(", ")) == 16


PAY = """
from django.utils import timezone
from billing.models import AccessState
from billing.services import customers, payments
customer = customers.by_code("{code}")
states = AccessState.objects.filter(subscription__customer=customer)
before = states.filter(is_on=False).count()
owed = sum(bill.outstanding for bill in customer.bills.all())
payments.receive(customer=customer, amount=owed, method="cash", now=timezone.now())
print(before, states.filter(is_on=False).count())
"""


def test_a_payment_brings_one_of_them_back_at_once(demo):
    code = demo.shows(r"subscriptions disabled: (\w+)", seconds=180)[1]
    assert demo.ask(PAY.format(code=code)) == "1 0"


@pytest.mark.heavy
def test_the_next_check_finds_nobody(demo):
    demo.shows(r"subscriptions disabled", seconds=180)
    demo.shows(r"scheduler \| No expired subscriptions found$", seconds=180)


def test_ctrl_c_ends_everything_quickly_and_a_second_start_keeps_the_data(demo, folder):
    demo.shows("The demo runs at", seconds=240)
    begin = time.monotonic()
    demo.interrupt()
    assert time.monotonic() - begin < 30
    assert poll(lambda: not demo.processes(), until=time.monotonic() + 60), demo.processes()
    assert not is_open(demo.port)
    output = demo.log.read_text()
    assert "PostgreSQL stopped. The data are kept" in output
    assert "Traceback" not in output

    again = Demo(folder, demo.port)
    # Seconds where nothing else runs: 240 leave room for a busy machine, not for loading the data anew.
    again.shows("The demo runs at", seconds=240)
    assert "Billing a year" not in again.log.read_text()
    assert "They are kept" in again.log.read_text()
    assert (
        again.ask("from billing.models import AccessEvent; print(AccessEvent.objects.filter(rule='E7').count())") != "0"
    )
    again.interrupt()
    assert not again.processes()


def test_the_data_of_the_demo_are_removed_but_nothing_else_ever_is(demo, folder):
    assert demo.process.poll() is not None
    reset = [sys.executable, "-m", "scripts.demo_data"]
    data = folder / "var" / "postgres"
    mark = data / "made-by-demo"

    mark.rename(folder / "mark")
    refused = subprocess.run(reset, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert (refused.returncode, "may hold real data" in refused.stderr) == (1, True)
    assert (data / "data").is_dir()

    (folder / "mark").rename(mark)
    subprocess.run(reset, cwd=folder, env=ENVIRONMENT, check=True)
    assert not data.exists()
