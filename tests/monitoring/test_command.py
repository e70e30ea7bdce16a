"""``manage.py scheduler_status``: what it prints, and its exit code."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from tests.builders import at
from tests.jobs.processes import Process
from tests.monitoring.runs import add_leader, add_run, run_every_job
from utils.models import Alarm

NOW = "2026-03-02T10:03:05"


def lines_of(out):
    return [" ".join(line.split()) for line in out.getvalue().splitlines()]


@pytest.mark.django_db
def test_it_shows_who_leads_how_each_job_is_and_what_alarms(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: at(NOW))
    add_leader(at("2026-03-02T10:03"), name="host-1:7")
    add_leader(at("2026-03-02T10:03"), name="host-2:7", role="standby")
    run_every_job(at("2026-03-02T10:02"))
    add_run("generate_bills", "2026-03-01T00:05", result="failed", error="ValueError")
    Alarm.objects.create(key="x", text="The books differ", began_at=at("2026-03-02T03:30"))
    out = StringIO()
    call_command("scheduler_status", stdout=out)
    lines = lines_of(out)
    assert lines[:3] == [
        "leader: host-1:7, since 2026-03-01 10:03",
        "heartbeat: 5 seconds ago",
        "standby: host-2:7",
    ]
    assert "check_expired_subscriptions every minute on time 2026-03-02 10:02 - -" in lines
    assert "generate_bills daily at 00:05 on time 2026-03-02 10:02 2026-03-01 00:05 -" in lines
    assert lines[-2:] == ["Alarm since 2026-03-02 03:30: The books differ", "The scheduler is well."]


@pytest.mark.django_db
def test_a_new_installation_is_no_error(monkeypatch):
    monkeypatch.setattr(timezone, "now", lambda: at("2026-03-02"))  # before the tables of the tests were made
    out = StringIO()
    call_command("scheduler_status", stdout=out)
    assert lines_of(out)[0] == "leader: none"
    assert lines_of(out)[-1] == "No scheduler leads yet; it has a moment to start."


@pytest.mark.django_db
def test_a_late_job_and_no_leader_are_an_error_that_says_what_to_do():
    run_every_job(timezone.now() - timedelta(minutes=10))
    add_leader(timezone.now() - timedelta(minutes=10))
    out = StringIO()
    with pytest.raises(CommandError) as stale:
        call_command("scheduler_status", stdout=out)
    problems = str(stale.value).splitlines()
    assert problems[0].startswith("No scheduler leads: the last one was heard of 10 minutes ago. Start it with")
    assert problems[1].startswith("“Check and disable expired subscriptions” is late")
    assert all(" is late: " in problem for problem in problems[1:])
    assert any(line.startswith("check_expired_subscriptions every minute late") for line in lines_of(out))


@pytest.mark.django_db(transaction=True)
def test_its_exit_code_tells_monitoring_how_the_scheduler_is():
    leader = add_leader(timezone.now())
    run_every_job(timezone.now())
    well = Process("manage.py", "scheduler_status")
    assert (well.end(), well.lines[-1]) == (0, "The scheduler is well.")
    leader.seen_at -= timedelta(minutes=10)
    leader.save()
    stale = Process("manage.py", "scheduler_status")
    assert stale.end() == 1
    assert "No scheduler leads" in stale.output


def test_while_the_database_is_down_it_is_an_error_of_one_clear_line():
    process = Process("manage.py", "scheduler_status", DATABASE_URL="postgres://postgres:x@127.0.0.1:1/django_db")
    assert process.end() == 1
    [line] = process.lines
    assert line.startswith("Error: The database does not answer")
    assert "Check that PostgreSQL runs" in line
