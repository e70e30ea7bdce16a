"""The scheduler as a real process: its log lines, its one leader, its catch-up and its stop (rules T6, E9, S5)."""

import signal
import time
from contextlib import contextmanager

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from billing.models import AccessEvent
from tests.builders import access_of, make_overdue_subscription
from tests.jobs.notes import at_best, until
from tests.jobs.processes import Process, count_in, database_url, leave_slot, minutes_ago
from utils.background_tasks import TIMETABLE
from utils.models import JobRun

pytestmark = pytest.mark.django_db(transaction=True)

RUNNING = 'Running job "Check and disable expired subscriptions"'
DONE = "Job executed successfully"
LINES = [
    "Starting APScheduler as standalone service",
    'Added job "Check and disable expired subscriptions"',
    "Scheduler started successfully!",
    RUNNING,
    "No expired subscriptions found",
    DONE,
]


OTHERS = [name for name in dir(settings) if name.endswith("_CRON") and name != "EXPIRY_CHECK_CRON"]


@pytest.fixture
def start(start):
    """Start schedulers whose other jobs never come: at a full minute their lines would stand between the expected."""
    return lambda *command, **environment: start(*command, **dict.fromkeys(OTHERS, "0 0 1 1 *"), **environment)


def test_the_six_lines_come_exactly_in_order_and_without_delay(start):
    leave_slot(minutes_ago(1))
    scheduler = start()
    scheduler.wait_for(DONE)
    assert [line for line in scheduler.lines if line in LINES] == LINES
    assert scheduler.lines == [LINES[0], *(f'Added job "{job.name}"' for job in TIMETABLE), *LINES[2:]]


def test_an_overdue_subscriber_is_disabled_and_named_by_code(start):
    subscription = make_overdue_subscription()
    leave_slot(minutes_ago(1))
    scheduler = start()
    scheduler.wait_for(DONE)
    assert f"1 subscriptions disabled: {subscription.customer.code}" in scheduler.lines
    assert "No expired subscriptions found" not in scheduler.lines
    assert not access_of(subscription).is_on


def test_the_jobs_are_stored_under_their_ids(start):
    start().wait_for("Scheduler started successfully!")
    assert set(DjangoJob.objects.values_list("id", flat=True)) == {job.id for job in TIMETABLE}


def test_t6_ten_missed_minutes_are_caught_up_once_and_on_the_grid(start):
    leave_slot(minutes_ago(10))
    scheduler = start()
    scheduler.wait_for(DONE)
    assert count_in([scheduler], RUNNING) == 1
    await_status(DjangoJobExecution.SUCCESS)
    first = JobRun.objects.earliest("pk")
    assert not JobRun.objects.exclude(pk=first.pk).filter(slot__lte=first.started_at).exists()
    planned = DjangoJob.objects.filter(id=TIMETABLE[0].id)
    shown = until(lambda: planned.filter(next_run_time__gt=timezone.now()).first())
    times = [shown.next_run_time, *DjangoJobExecution.objects.values_list("run_time", flat=True)]
    assert {(at.second, at.microsecond) for at in times} == {(0, 0)}
    assert shown.next_run_time.timestamp() - time.time() <= 60


def test_a_changed_rhythm_forgets_the_old_slot(start):
    leave_slot(minutes_ago(10))
    scheduler = start(EXPIRY_CHECK_CRON="0 0 1 1 *")
    scheduler.wait_for("Scheduler started successfully!")
    next_run = DjangoJob.objects.get(id="check_expired_subscriptions").next_run_time
    assert (next_run.month, next_run.day) == (1, 1)


def test_s5_of_two_schedulers_one_acts_and_the_other_takes_over_when_it_is_killed(start):
    make_overdue_subscription()
    leave_slot(minutes_ago(1))
    first = start()
    first.wait_for(DONE)
    second = start()
    second.wait_for("Standing by: another scheduler is the leader")
    assert count_in([second], 'Added job "Check and disable expired subscriptions"') == 0

    first.signal(signal.SIGKILL)
    second.wait_for("Scheduler started successfully!")
    assert AccessEvent.objects.count() == 1


def test_s5_two_schedulers_started_at_once_run_a_slot_once(start):
    leave_slot(minutes_ago(1))
    both = [start(), start()]
    lines = [process.wait_for(f"{DONE}|Standing by") for process in both]
    assert sorted(line == DONE for line in lines) == [False, True]
    assert count_in(both, RUNNING) == 1
    assert DjangoJob.objects.count() == len(TIMETABLE)


def test_a_leader_that_lost_its_session_ends_at_once(start):
    scheduler = start()
    scheduler.wait_for("Scheduler started successfully!")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name = 'isp-billing-scheduler'"
        )
    scheduler.wait_for("The leadership is lost")
    assert scheduler.end() == 75


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_idle_scheduler_stops_within_a_second(start, number):
    def seconds_to_stop():
        scheduler = start()
        scheduler.wait_for("Scheduler started successfully!")
        seconds = scheduler.stop(number)
        assert scheduler.lines[-1] == "Scheduler stopped"
        return seconds

    assert at_best(seconds_to_stop, 2) < 2


@contextmanager
def access_states_locked():
    blocker = connection.copy()
    try:
        blocker.set_autocommit(False)
        with blocker.cursor() as cursor:
            cursor.execute("LOCK TABLE billing_accessstate IN ACCESS EXCLUSIVE MODE")
        yield
    finally:
        blocker.close()


def test_sigterm_lets_the_running_job_finish(start):
    subscription = make_overdue_subscription()
    leave_slot(minutes_ago(1))
    with access_states_locked():
        scheduler = start()
        scheduler.wait_for("Running job")
        scheduler.signal(signal.SIGTERM)
    assert scheduler.end() == 0
    assert scheduler.lines[-2:] == [DONE, "Scheduler stopped"]
    assert not access_of(subscription).is_on


def test_a_job_that_outlasts_the_grace_time_is_cut_off(start):
    leave_slot(minutes_ago(1))
    with access_states_locked():
        scheduler = start(SCHEDULER_STOP_SECONDS="1")
        scheduler.wait_for("Running job")
        scheduler.signal(signal.SIGTERM)
        assert scheduler.end() == 0
    assert "ERROR: A job still ran after 1 s and is cut off" in scheduler.lines


def test_a_failed_job_is_logged_and_kept_in_the_history_and_the_scheduler_goes_on(start):
    leave_slot(minutes_ago(1))
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE billing_accessstate RENAME TO away")
    try:
        scheduler = start()
        scheduler.wait_for('Job "Check and disable expired subscriptions" failed')
        scheduler.wait_for("does not exist")
        await_status(DjangoJobExecution.ERROR)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO billing_accessstate")
    scheduler.signal(signal.SIGTERM)
    assert scheduler.end() == 0


def await_status(status):
    until(lambda: DjangoJobExecution.objects.filter(status=status).exists(), what=f"an execution of status {status}")


def test_connections_are_closed_after_each_run(start):
    leave_slot(minutes_ago(1))
    scheduler = start()
    scheduler.wait_for(DONE)
    await_status(DjangoJobExecution.SUCCESS)

    def are_closed():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FILTER (WHERE query LIKE '%%billing_%%') FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return cursor.fetchone()[0] == 0

    until(are_closed, what="the sessions that asked of billing being closed")


@pytest.mark.heavy
def test_f34_a_database_that_is_not_migrated_is_waited_for(start):
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE not_migrated")
    scheduler = start(DATABASE_URL=database_url("not_migrated"))
    try:
        line = scheduler.wait_for("Waiting")
        assert line == "WARNING: Waiting: The database is not migrated. Run: python manage.py migrate"
        start("manage.py", "migrate", DATABASE_URL=database_url("not_migrated")).end(180)
        scheduler.wait_for("Scheduler started successfully!")
    finally:
        scheduler.kill()
        with connection.cursor() as cursor:
            cursor.execute("DROP DATABASE not_migrated WITH (FORCE)")


def test_f34_a_database_that_does_not_answer_is_waited_for_and_the_stop_still_works(start):
    scheduler = start(DATABASE_URL="postgres://postgres:x@127.0.0.1:1/django_db")
    scheduler.wait_for("Waiting: The database does not answer .* Check that PostgreSQL runs")
    scheduler.signal(signal.SIGTERM)
    assert scheduler.end() == 0
    assert "Traceback" not in scheduler.output


def test_a_malformed_cron_stops_the_start_with_what_to_do(start):
    scheduler = start(EXPIRY_CHECK_CRON="61 * * * *")
    assert scheduler.end() == 1
    assert "(utils.E005) EXPIRY_CHECK_CRON: '61 * * * *' is not a cron expression" in scheduler.output
    assert "Traceback" not in scheduler.output
    assert "Starting APScheduler" not in scheduler.output


def test_a_heartbeat_that_cannot_be_written_stops_the_start_with_what_to_do():
    scheduler = Process("run_scheduler.py", SCHEDULER_HEARTBEAT_FILE="/proc/heartbeat")
    assert scheduler.end() == 1
    assert "name another SCHEDULER_HEARTBEAT_FILE" in scheduler.output
    assert "Traceback" not in scheduler.output
