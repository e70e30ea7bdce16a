"""Alarms of a real scheduler, to a real mail server, webhook and dead-man service."""

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.alarms.receivers import MailServer, WebServer
from tests.builders import make_overdue_subscription
from tests.jobs.notes import until
from tests.jobs.processes import leave_slot, minutes_ago
from utils.models import AlarmNotice, JobRhythm
from utils.scheduler import requests
from utils.scheduler.jobs import Job

pytestmark = pytest.mark.django_db(transaction=True)

BILLS = {"id": "bills", "name": "Bills", "every": 1, "does": "query SELECT FROM permission"}
FAILED = '“Bills” failed: ProgrammingError: relation "permission" does not exist'


@pytest.fixture
def receivers():
    servers = MailServer().start(), WebServer().start(), WebServer().start()
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def scheduler(receivers, notes, start):
    mail, webhook, outside = receivers
    environment = {
        "ALARM_EMAILS": "ops@example.net",
        "DEFAULT_FROM_EMAIL": "isp@example.net",
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(mail.port),
        "EMAIL_USE_TLS": "0",
        "ALARM_WEBHOOK_URL": f"{webhook.url}/hook",
        "DEAD_MAN_URLS": f"bills={outside.url}/bills",
        "COMPANY_NAME": "Example Net",
    }
    return lambda *jobs: start("-m", "tests.alarms.program", JOBS=json.dumps(jobs), **environment)


def execute(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


@pytest.fixture
def permission():
    """Lets the job succeed while the table is there."""
    execute("DROP TABLE IF EXISTS permission")
    yield lambda: execute("CREATE TABLE permission ()")
    execute("DROP TABLE IF EXISTS permission")


def test_a_job_that_fails_is_told_once_and_that_it_is_over_once_even_when_the_mail_server_was_away(
    receivers,
    scheduler,
    notes,
    permission,
):
    mail, webhook, outside = receivers
    first = scheduler(BILLS)
    first.wait_for(r"^ERROR: ALARM: “Bills” failed: ProgrammingError")
    until(lambda: AlarmNotice.objects.exclude(sent_at=None).count() == 2)
    first.kill()
    mail.stop()

    second = scheduler(BILLS)
    notes.wait_for("bills", 3)
    permission()
    second.wait_for(r"^WARNING: ALARM OVER: “Bills” failed")
    until(lambda: len(webhook.requests) == 2)
    mail.start()
    until(lambda: len(mail.mails) == 2)
    until(lambda: outside.paths[-2:] == ["/bills/start", "/bills"], what="the pings of a success")
    second.stop()

    subjects = [subject.partition(": ProgrammingError")[0] for subject in mail.subjects]
    assert subjects == ["[Example Net] ALARM: “Bills” failed", "[Example Net] ALARM OVER: “Bills” failed"]
    assert [(body["key"], body["ended_at"] is None) for body in webhook.bodies] == [
        ("failed:bills", True),
        ("failed:bills", False),
    ]
    assert FAILED in webhook.bodies[0]["text"]
    assert "ALARM:" not in second.output
    assert outside.paths[:2] == ["/bills/start", "/bills/fail"]
    assert outside.requests[1][2].startswith('ProgrammingError: relation "permission" does not exist')


def test_a_job_that_is_late_is_told_until_it_succeeds(receivers, scheduler, notes):
    _, webhook, _ = receivers
    daily = Job(id="bills", name="Bills", function=lambda: None, cron="5 0 * * *")
    JobRhythm.objects.create(job_id="bills", cron=daily.cron, since=timezone.now() - timedelta(days=3))
    process = scheduler({"id": "bills", "name": "Bills", "cron": daily.cron})
    process.wait_for("^ERROR: ALARM: “Bills” is late")
    requests.ask_run("bills", timetable=[daily], by=None, now=timezone.now())
    process.wait_for("^WARNING: ALARM OVER: “Bills” is late")
    until(lambda: len(webhook.requests) == 2)
    assert [body["key"] for body in webhook.bodies] == ["late:bills"] * 2


def test_e14_a_held_run_is_told_at_the_end_of_the_check_that_found_it(start):
    for _ in range(3):
        make_overdue_subscription()
    leave_slot(minutes_ago(1))
    process = start(MAX_CUTS_PERCENT="10", MAX_CUTS_COUNT="2")
    process.wait_for("Job executed successfully")
    process.wait_for("^ERROR: ALARM: The circuit breaker holds run .*3 of 3 active", seconds=10)


def test_an_address_for_a_job_that_does_not_exist_stops_the_start_with_the_jobs_there_are(start):
    process = start(DEAD_MAN_URLS="bills=https://hc.example/secret")
    assert process.end() == 1
    assert process.output.startswith("Error: DEAD_MAN_URLS: there is no job 'bills'. The jobs: check_expired")
    assert "secret" not in process.output
