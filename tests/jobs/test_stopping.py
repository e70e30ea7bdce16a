"""SIGTERM lets what runs finish within the time that is given, whoever sends it to whom."""

import json
import shutil
import signal
import subprocess

import pytest
from django.utils import timezone
from django_apscheduler.models import DjangoJobExecution

from tests.jobs.notes import at_best, slot, until
from tests.jobs.processes import leave_cut_off_run
from utils.models import JobRun

LEADS = "Scheduler started successfully!"
STANDS_BY = "Standing by: another scheduler is the leader"
YEARLY = "0 0 1 1 *"  # so that it runs once, for the run that was cut off
SLEEPER = {"id": "sleeper", "cron": YEARLY, "does": "sleep 5"}


def can_unshare():
    unshare = shutil.which("unshare")
    tried = unshare and subprocess.run([unshare, "--pid", "--fork", "true"], check=False, capture_output=True)
    return bool(tried) and tried.returncode == 0


def test_f24_an_idle_scheduler_and_one_on_standby_stop_within_a_second(program, notes):
    tick = {"id": "tick", "cron": YEARLY}

    def longest_stop():
        leader = program(tick, timers="production")
        leader.wait_for(LEADS)
        standby = program(tick, timers="production")
        standby.wait_for(STANDS_BY)
        return max(process.stop() for process in (standby, leader))

    assert at_best(longest_stop, 1) < 1


def test_a_job_that_works_on_and_on_ends_when_the_scheduler_stops(program, notes):
    def seconds_to_stop():
        leave_cut_off_run("worker", timezone.now())
        process = program({"id": "worker", "cron": YEARLY, "does": "work 60"}, timers="production")
        notes.wait_for("worker")
        seconds = process.stop()
        assert process.lines[-2:] == ["Job executed successfully", "Scheduler stopped"]
        return seconds

    assert at_best(seconds_to_stop, 1) < 1


@pytest.mark.skipif(not can_unshare(), reason="needs the right to make a process namespace")
def test_f23_as_the_first_process_of_a_container_it_stops_on_sigterm_and_ends_its_run(start, notes):
    """The kernel keeps signals without a handler from process 1."""
    leave_cut_off_run("sleeper")
    process = start("-m", "tests.jobs.in_namespace", JOBS=json.dumps([SLEEPER | {"does": "sleep 2"}]))
    process.wait_for('Running job "sleeper"')
    assert process.stop() < 20
    assert process.lines[-2:] == ["Job executed successfully", "Scheduler stopped"]


def test_f25_a_run_that_ends_within_the_grace_time_is_waited_for_and_recorded(program, notes):
    leave_cut_off_run("sleeper")
    process = program(SLEEPER, {"id": "tick", "every": 1}, timers={"lease": 3})
    notes.wait_for("sleeper")
    process.stop()
    assert process.lines[-2:] == ["Job executed successfully", "Scheduler stopped"]
    assert len(notes.times("sleeper", "ended")) == 1
    assert JobRun.objects.get(job_id="sleeper", slot__isnull=False, result="succeeded").rows == 1
    assert not JobRun.objects.filter(result="running").exists()
    assert DjangoJobExecution.objects.get(job_id="sleeper").status == "Executed"


def test_f25_a_run_that_takes_longer_is_cut_off_closed_and_done_again_by_the_next(program, notes):
    leave_cut_off_run("hung")
    hung = {"id": "hung", "cron": YEARLY, "does": "hang", "limit": 60}
    JobRun.objects.update(slot="2026-01-01T00:00Z")
    process = program(hung, SCHEDULER_STOP_SECONDS="1")
    notes.wait_for("hung")
    assert 1 <= process.stop() < 20
    assert "ERROR: A job still ran after 1 s and is cut off" in process.lines
    assert [run.result for run in JobRun.objects.all()] == ["interrupted", "interrupted"]
    assert DjangoJobExecution.objects.get().status == "Error!"
    assert DjangoJobExecution.objects.get().exception == "Interrupted: the process ended before the run did."


def test_a_slot_that_waits_for_the_end_of_a_run_is_left_to_the_next_scheduler(program, notes, gate):
    with gate.closed():
        process = program({"id": "long", "every": 2, "does": gate.job})
        began = slot(notes.wait_for("long")[0], 2)
        until(lambda: slot(timezone.now(), 2) > began, what="the next slot")
        process.signal(signal.SIGTERM)
    assert process.end() == 0
    assert len(notes.times("long")) == len(notes.times("long", "ended")) == 1
    last = JobRun.objects.get()
    program({"id": "long", "every": 2})
    notes.wait_for("long")
    caught_up = until(lambda: JobRun.objects.exclude(pk=last.pk).order_by("id").first())
    assert caught_up.slot > last.slot
