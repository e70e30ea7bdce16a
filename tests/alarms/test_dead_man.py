"""Pings around the runs of jobs: start, success, failure with its text; a service that is away disturbs nothing."""

import time

import pytest
from django.core.exceptions import ImproperlyConfigured

from tests.alarms.receivers import WebServer
from tests.builders import at
from tests.jobs.notes import until
from utils.alarms import dead_man
from utils.alarms.dead_man import DeadMan, with_signal
from utils.scheduler.jobs import Job

SLOT = at("2026-06-15T00:05")
BILLS = Job(id="bills", name="Bills", function=lambda: None, cron="5 0 * * *")
BOOKS = Job(id="books", name="Books", function=lambda: None, cron="5 0 * * *")


@pytest.fixture
def service():
    server = WebServer().start()
    yield server
    server.stop()


@pytest.fixture
def pings(service):
    sending = DeadMan({"bills": f"{service.url}/secret-key/bills"}, [BILLS, BOOKS])
    yield sending
    while not sending._waiting.empty():
        sending._waiting.get()


def test_a_run_is_pinged_by_the_convention_of_healthchecks_io(service, pings):
    pings.run_started(BILLS, SLOT)
    pings.run_ended(BILLS, "")
    pings.run_started(BILLS, SLOT)
    pings.run_ended(BILLS, "ValueError: no café")
    until(lambda: len(service.requests) == 4)
    assert [(path, body) for path, _, body in service.requests] == [
        ("/secret-key/bills/start", ""),
        ("/secret-key/bills", ""),
        ("/secret-key/bills/start", ""),
        ("/secret-key/bills/fail", "ValueError: no café"),
    ]


def test_a_job_without_an_address_is_not_pinged(service, pings):
    pings.run_started(BOOKS, SLOT)
    pings.run_started(BILLS, SLOT)
    until(lambda: service.requests)
    assert service.paths == ["/secret-key/bills/start"]


def test_a_service_that_does_not_answer_delays_nothing_and_is_logged_once_without_its_address(
    service, pings, monkeypatch, caplog
):
    monkeypatch.setattr(dead_man, "SECONDS", 0.1)
    service.hold()
    began = time.monotonic()
    for _ in range(200):
        pings.run_started(BILLS, SLOT)
        pings.run_ended(BILLS, "")
    assert time.monotonic() - began < 10, "400 pings that are waited for take 40 s"
    until(lambda: len(service.requests) >= 3)
    assert len(caplog.messages) == 1
    assert caplog.messages[0].startswith("The dead-man address of bills cannot be reached: ")
    assert "secret-key" not in caplog.text


def test_a_fault_that_comes_back_is_logged_again(service, pings, caplog):
    for status, lines in ((500, 1), (500, 1), (200, 1), (500, 2)):
        service.status, before = status, len(service.requests)
        pings.run_ended(BILLS, "")
        until(lambda before=before: len(service.requests) > before and pings._waiting.empty())
        until(lambda lines=lines: len(caplog.messages) == lines)
    assert set(caplog.messages) == {"The dead-man address of bills cannot be reached: the answer was HTTP 500"}


def test_a_long_error_is_cut(service, pings):
    pings.run_ended(BILLS, "x" * 100_000)
    until(lambda: service.requests)
    assert len(service.requests[0][2]) == 10_000


@pytest.mark.parametrize(
    ("address", "signal", "expected"),
    [
        ("https://hc.example/uuid", "/fail", "https://hc.example/uuid/fail"),
        ("https://hc.example/uuid/", "/start", "https://hc.example/uuid/start"),
        ("https://hc.example/key/job?create=1", "/start", "https://hc.example/key/job/start?create=1"),
        ("https://hc.example/key/job?create=1", "", "https://hc.example/key/job?create=1"),
    ],
)
def test_the_signal_stands_before_the_query(address, signal, expected):
    assert with_signal(address, signal) == expected


def test_an_address_for_a_job_that_does_not_exist_is_refused_with_the_jobs_there_are():
    with pytest.raises(ImproperlyConfigured, match=r"there is no job 'bill'. The jobs: bills, books\."):
        DeadMan({"bill": "https://hc.example/1"}, [BILLS, BOOKS])


def test_addresses_are_read_by_job(settings):
    settings.DEAD_MAN_URLS = ["bills=https://hc.example/1?a=b", "books=https://hc.example/2"]
    assert dead_man.addresses() == {"bills": "https://hc.example/1?a=b", "books": "https://hc.example/2"}
