"""Workers as real processes: killed, doubled, cut off from the database, stopped (rules N1, N4, N5)."""

import signal
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from billing.models import NetworkIntent
from tests.jobs.conftest import start  # noqa: F401  (a fixture)
from tests.jobs.notes import at_best, until
from tests.network.billing_side import log_in, subscriber, switch
from tests.network.crowds import crowd, switch_everybody

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]


@pytest.fixture
def work(start):  # noqa: F811
    """Start a worker that delivers."""

    def start_worker(*arguments):
        worker = start("manage.py", "deliver_network", *arguments, NETWORK_KEY="k" * 40)
        worker.wait_for("Delivering to the routers")
        return worker

    return start_worker


def all_applied():
    return not NetworkIntent.objects.exclude(applied_version__isnull=False).exists()


def test_a_worker_is_woken_by_the_transaction_that_decides(work, router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router)
    work()
    switch(anna, True)
    switch(anna, False)  # the first may come before it listens
    until(lambda: radius_router.told)

    def seconds_to_the_router():
        bert, already = subscriber(), len(radius_router.told)
        log_in(bert, router, radius_router)
        began = time.monotonic()
        switch(bert, False)
        until(lambda: len(radius_router.told) > already)
        return time.monotonic() - began

    assert at_best(seconds_to_the_router, 0.5) < 0.5  # it looks by itself only once a second


def test_two_workers_tell_each_router_once(work, router, radius_router):
    logins = crowd(3_000, router, radius_router)
    workers = [work(), work()]
    switch_everybody(False)
    until(lambda: not radius_router.sessions and all_applied(), 200)
    assert Counter(login for _, login in radius_router.told) == Counter(logins)
    for worker in workers:
        worker.signal(signal.SIGTERM)
        assert worker.end() == 0
    done = [int(line.split()[0].replace(",", "")) for worker in workers for line in worker.lines if "delivered" in line]
    assert sum(done) == 3_000
    assert min(done) > 0


@pytest.mark.heavy
def test_a_worker_killed_in_the_middle_of_ten_thousand_loses_none(work, router, radius_router):
    crowd(10_000, router, radius_router)
    worker = work()
    switch_everybody(False)
    until(lambda: len(radius_router.told) > 4_000, 120)
    worker.kill()
    assert radius_router.sessions
    work()
    until(lambda: not radius_router.sessions, 120)
    until(all_applied, 60)


def test_a_worker_survives_that_the_database_throws_it_out(work, router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router)
    worker = work()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
    switch(anna, False)
    until(lambda: radius_router.told)
    until(all_applied)
    worker.signal(signal.SIGTERM)
    assert worker.end() == 0


def test_a_worker_stops_at_once_though_a_router_is_silent_and_leaves_its_work_to_others(work, router, radius_router):
    radius_router.is_silent = True
    anna = subscriber()
    log_in(anna, router, radius_router)
    switch(anna, False)

    def seconds_to_stop():
        radius_router.told.clear()
        worker = work()
        until(lambda: radius_router.told)
        return worker.stop()

    assert at_best(seconds_to_stop, 2) < 2  # a packet that is not answered takes three
    intent = NetworkIntent.objects.get()
    assert (intent.leased_by, intent.leased_until) == ("", None)


def test_it_ends_after_the_seconds_that_are_asked_for_and_waits_for_the_first_router(work):
    assert work("--seconds", "0.5").end() == 0


@pytest.mark.heavy
def test_n5_a_router_that_is_silent_for_a_minute_loses_nothing(work, router, radius_router):
    crowd(200, router, radius_router)
    radius_router.is_silent = True
    work()
    switch_everybody(False)
    until(lambda: timezone.now() - NetworkIntent.objects.first().requested_at > timedelta(minutes=1))
    assert len(radius_router.sessions) == 200
    packets = len(radius_router.bytes)
    assert packets < 3 * 32 + 3 * 8  # a window, and then one question after each rest
    radius_router.is_silent = False
    until(lambda: not radius_router.sessions and all_applied(), 60)
