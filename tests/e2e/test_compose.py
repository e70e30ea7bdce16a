"""The compose stack, really running: built from a fresh clone, used as the operators' paper says.

The tests are steps of one history and run in the order in which they stand here.
"""

import re
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e.engine.stack import BUILD_SECONDS, LONG_RUNNING, ONE_SHOT, poll
from tests.e2e.engine.terminal import CTRL_C

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1200)]

EXPIRY_JOB = "Check and disable expired subscriptions"
LOG_LINES = (
    "Starting APScheduler as standalone service",
    f'Added job "{EXPIRY_JOB}"',
    "Scheduler started successfully!",
    f'Running job "{EXPIRY_JOB}"',
    "No expired subscriptions found",
    "Job executed successfully",
)
LIST_JOBS = '''docker-compose exec web python manage.py shell -c "
from django_apscheduler.models import DjangoJob
for job in DjangoJob.objects.all():
    print(f'Job: {job.id}, Next run: {job.next_run_time}')
"'''
COUNT_JOBS = '''docker-compose exec web python manage.py shell -c "
from django_apscheduler.models import DjangoJob
print('Jobs:', DjangoJob.objects.count())
"'''
CLEAR_JOBS = '''docker-compose exec db psql -U postgres -d django_db -c "
DELETE FROM django_apscheduler_djangojobexecution;
DELETE FROM django_apscheduler_djangojob;
"'''
MINUTE = timedelta(minutes=1)
A_TICK = 75  # seconds within which a job of every minute has run


def typed(stack, command, *, seconds=120, **options):
    """Type a command of the paper; it must succeed. Returns what it printed."""
    outcome = stack.terminal.run(command, seconds=seconds, **options)
    assert outcome.status == 0, f"{command}: status {outcome.status}\n{outcome.text[-4000:]}"
    return outcome.text


def in_order(lines, text):
    place = 0
    for line in lines:
        place = text.find(line, place)
        if place < 0:
            return False
    return True


def recorded_runs(stack):
    """The minutes for which the database has an execution of the expiry check, with duplicates."""
    query = (
        "SELECT to_char(run_time AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI') "
        "FROM django_apscheduler_djangojobexecution WHERE job_id = 'check_expired_subscriptions' ORDER BY 1"
    )
    return [datetime.fromisoformat(f"{minute}:00+00:00") for minute in stack.sql(query)]


def logged_runs(stack, line=f'Running job "{EXPIRY_JOB}"'):
    """The minutes in which the scheduler printed that it runs the expiry check, with duplicates."""
    return [at.replace(second=0) for at, text in stack.log("scheduler") if line in text]


def assert_once_a_minute(minutes):
    assert minutes, "the job never ran"
    wanted = [minutes[0] + MINUTE * step for step in range(round((minutes[-1] - minutes[0]) / MINUTE) + 1)]
    assert Counter(minutes) == Counter(wanted)


def wait_for_second(second):
    """Wait for the next moment at which the clock shows ``second``."""
    time.sleep((second - datetime.now(UTC).timestamp() % 60) % 60)


def wait_for_ticks(stack, count):
    seen = len(recorded_runs(stack))
    poll(lambda: len(recorded_runs(stack)) >= seen + count, seconds=A_TICK * count, what=f"{count} more runs")


# --- Start ---------------------------------------------------------------------------------
def test_one_command_brings_up_a_fresh_clone_without_any_settings(stack, say):
    say("docker-compose up -d (builds the image)")
    typed(stack, "docker-compose up -d", seconds=BUILD_SECONDS)
    stack.wait_until_healthy()
    assert stack.exit_codes(*ONE_SHOT) == {"secrets": 0, "migrate": 0}
    assert stack.get("/healthz")[0] == 200


def test_every_service_is_listed_as_running_and_healthy(stack):
    listing = typed(stack, "docker-compose ps")
    for service in LONG_RUNNING:
        assert re.search(rf"{service}[-_]1.*\(healthy\)", listing), listing
    assert f"127.0.0.1:{stack.port}->8000/tcp" in listing


def test_the_scheduler_log_shows_the_six_lines_in_order(stack, say):
    say("waiting for the first run of the scheduler")
    poll(lambda: recorded_runs(stack), seconds=A_TICK, what="first run")
    poll(lambda: in_order(LOG_LINES, typed(stack, "docker-compose logs scheduler")), seconds=10, what="six lines")
    followed = stack.terminal.run(
        "docker-compose logs -f scheduler", seconds=30, typed=[("Job executed successfully", CTRL_C)]
    )
    assert in_order(LOG_LINES, followed.text)


def test_the_web_log_shows_three_workers_and_the_requests(stack):
    followed = stack.terminal.run("docker-compose logs -f web", seconds=30, typed=[('"GET /healthz', CTRL_C)])
    assert followed.text.count("Booting worker") == 3
    assert "APScheduler" not in followed.text


def test_the_job_queries_show_the_two_jobs(stack):
    listing = typed(stack, LIST_JOBS)
    assert re.search(r"^Job: check_expired_subscriptions, Next run: 20\d\d-", listing, re.MULTILINE), listing
    assert re.search(r"^Job: delete_old_job_executions, Next run: 20\d\d-", listing, re.MULTILINE), listing
    assert "Jobs: 2\n" in typed(stack, COUNT_JOBS)


# --- Safety --------------------------------------------------------------------------------
def test_the_deployment_check_is_clean(stack):
    checked = stack.compose("exec", "-T", "web", "python", "manage.py", "check", "--deploy", "--fail-level", "INFO")
    assert "System check identified no issues" in checked


def test_secrets_are_readable_only_by_those_who_need_them(stack):
    listing = stack.compose("exec", "-T", "db", "stat", "--format=%n %u %g %a", *secret_files())
    assert listing.split("\n")[:3] == [
        "/run/secrets/postgres_password 0 0 400",
        "/run/secrets/database_url 0 10001 440",
        "/run/secrets/django_secret_key 0 10001 440",
    ]
    refused = stack.compose("exec", "-T", "web", "cat", "/run/secrets/postgres_password", check=False)
    assert "Permission denied" in refused
    assert stack.compose("exec", "-T", "web", "id", "-u").strip() == "10001"


def secret_files():
    return [f"/run/secrets/{name}" for name in ("postgres_password", "database_url", "django_secret_key")]


def test_the_image_holds_neither_tests_nor_settings_nor_history(stack):
    files = set(stack.compose("exec", "-T", "web", "ls", "-A", "/app").split())
    assert {"manage.py", "run_scheduler.py", "static"} <= files
    assert not files & {"tests", ".env", ".git", "var", "docs"}


def test_a_wrong_password_is_told_at_once_and_without_a_traceback(stack):
    url = "postgresql://postgres:not-the-password@db:5432/django_db"
    settings = ("-e", "DATABASE_URL_FILE=", "-e", f"DATABASE_URL={url}")
    told = stack.compose("run", "--rm", "-T", *settings, "web", "true", check=False)
    assert "password authentication failed" in told
    assert "Correct DATABASE_URL" in told
    assert "Traceback" not in told
    assert "not-the-password" not in told


# --- The loop ------------------------------------------------------------------------------
SUBSCRIBE = """
from datetime import timedelta
from decimal import Decimal
from django.utils import timezone
from billing.models import Plan
from billing.services import bills, customers, subscriptions
then = timezone.now() - timedelta(days=45)
plan = Plan.objects.create(name="Fibre 100", price=Decimal("25.00"))
customer = customers.register(name="Overdue Olga", code="E2E-1", now=then)
subscription = subscriptions.open_subscription(
    customer=customer, plan=plan, login="olga", starts_on=then.date(), now=then)
bill = bills.issue_period(subscription=subscription, number=subscription.next_period, now=then)
print(bill.total, bill.status)
"""
PAY = """
from decimal import Decimal
from django.utils import timezone
from billing.services import customers, payments
payment = payments.receive(
    customer=customers.by_code("E2E-1"), amount=Decimal("25.00"), method="cash", now=timezone.now())
print(payment.number)
"""
ACCESS = "SELECT is_on FROM billing_accessstate s JOIN billing_subscription b ON b.id = s.subscription_id "
ACCESS += "WHERE b.login = 'olga'"


def test_an_unpaid_subscriber_is_disabled_by_the_scheduler_and_restored_by_the_payment(stack, say):
    assert stack.python(SUBSCRIBE) == "25.00 open"
    say("waiting until the scheduler disables an overdue subscriber")
    poll(lambda: stack.sql(ACCESS) == ["f"], seconds=A_TICK, what="subscriber disabled")
    log = [text for _, text in stack.log("scheduler")]
    assert "1 subscriptions disabled: E2E-1" in log
    assert not any("Olga" in text for text in log)
    stack.python(PAY)
    assert stack.sql(ACCESS) == ["t"]
    say("waiting for the next run, which must leave the payer alone")
    wait_for_ticks(stack, 1)
    assert stack.sql(ACCESS) == ["t"]


# --- Restart, scale, repair ----------------------------------------------------------------
def test_restarting_the_scheduler_loses_and_doubles_no_run(stack, say):
    say("restarting the scheduler in the middle of a minute")
    wait_for_second(30)
    typed(stack, "docker-compose restart scheduler")
    wait_for_ticks(stack, 1)
    say("restarting the scheduler while a run falls due")
    wait_for_second(59)
    typed(stack, "docker-compose restart scheduler")
    wait_for_ticks(stack, 1)
    assert_once_a_minute(recorded_runs(stack))
    assert_once_a_minute(logged_runs(stack))
    assert_once_a_minute(logged_runs(stack, "Job executed successfully"))


def test_three_web_containers_do_not_mean_more_jobs(stack, say):
    say("scaling the web to three containers")
    stack.environment["WEB_PORT"] = f"{stack.port}-{stack.port + 2}"
    typed(stack, "docker-compose up -d --scale web=3")
    stack.wait_until_healthy()
    assert len(stack.containers("web")) == 3
    assert {stack.get("/healthz", port=stack.port + offset)[0] for offset in range(3)} == {200}
    wait_for_ticks(stack, 1)
    assert stack.sql("SELECT count(*) FROM django_apscheduler_djangojob") == ["2"]
    assert_once_a_minute(logged_runs(stack))


def test_clearing_the_job_tables_gives_two_jobs_again_and_no_duplicates(stack, say):
    say("clearing the tables of the scheduler")
    stack.environment["WEB_PORT"] = str(stack.port)
    typed(stack, "docker-compose down")
    typed(stack, "docker-compose up -d db")
    poll(lambda: stack.health("db") == {"healthy"}, seconds=60, what="db healthy")
    cleared = typed(stack, CLEAR_JOBS)
    assert re.findall(r"DELETE (\d+)", cleared)[1:] == ["2"]
    typed(stack, "docker-compose up -d")
    stack.wait_until_healthy()
    say("waiting for two runs after the repair")
    wait_for_ticks(stack, 2)
    assert "Jobs: 2\n" in typed(stack, COUNT_JOBS)
    assert_once_a_minute(recorded_runs(stack))
    assert_once_a_minute(logged_runs(stack))


# --- End -----------------------------------------------------------------------------------
def test_no_secret_stands_in_the_logs(stack):
    secrets = stack.compose("exec", "-T", "db", "tail", "-n", "+1", "-q", *secret_files())
    logs = stack.compose("logs", "--no-color")
    password, address, key = re.match(r"(.{43})(postgresql://.*/django_db)(.{86})$", secrets.strip()).groups()
    assert not [name for name in (password, address, key) if name in logs]


def test_the_stack_stops_within_the_grace_time_and_without_errors(stack, say):
    say("stopping the stack")
    started = time.monotonic()
    typed(stack, "docker-compose stop")
    assert time.monotonic() - started < 40
    assert stack.exit_codes(*LONG_RUNNING) == {"db": 0, "web": 0, "scheduler": 0}
