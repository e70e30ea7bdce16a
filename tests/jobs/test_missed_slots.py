"""What was missed is caught up once and on the grid; nobody forgets a job and nothing runs twice."""

import signal
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django_apscheduler.models import DjangoJob

from tests.jobs.notes import slot, until
from tests.jobs.processes import leave_cut_off_run
from utils.models import JobRhythm, JobRun

LEADS = "Scheduler started successfully!"
TICK = {"id": "tick", "every": 2}
HOURLY = {"id": "hourly", "cron": "0 * * * *"}


def leave_run(job_id, at, **values):
    values = {"result": "succeeded", "ended_at": at, "started_at": at, "instance": "before"} | values
    return JobRun.objects.create(job_id=job_id, slot=at, **values)


def last_hour(hours=0):
    return datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours)


def stop(process):
    process.signal(signal.SIGTERM)
    assert process.end() == 0


def test_f3_a_run_that_fell_due_while_down_is_caught_up_once_and_then_the_rhythm_goes_on(program, notes):
    leave_run("hourly", last_hour(3))
    first = program(HOURLY)
    notes.wait_for("hourly")
    run = until(
        lambda: JobRun.objects.filter(job_id="hourly", result="succeeded", instance__contains=first.pid).first()
    )
    assert run.slot == last_hour()
    stop(first)
    second = program(HOURLY)
    second.wait_for(LEADS)
    stop(second)
    assert len(notes.times("hourly")) == 1
    assert DjangoJob.objects.get().next_run_time == last_hour() + timedelta(hours=1)


@pytest.mark.heavy
def test_f4_restarts_that_come_more_often_than_the_job_do_not_keep_it_from_running(program, notes):
    often, deadline = {"id": "tick", "every": 3}, time.monotonic() + 60
    while len(notes.times("tick")) < 3:
        assert time.monotonic() < deadline
        process = program(often)
        process.wait_for(LEADS)
        time.sleep(0.5)  # it lives for less than a rhythm
        stop(process)
    slots = list(JobRun.objects.order_by("slot").values_list("slot", flat=True))
    assert {(after - before).total_seconds() for before, after in pairwise(slots)} <= {3, 6}  # 6 after a slow start
    assert len(slots) == len(set(slots)) == len(notes.times("tick"))


def test_f5_what_is_caught_up_stays_on_the_grid_and_does_not_shift_it(program, notes):
    leave_run("tick", slot(datetime.now(UTC) - timedelta(seconds=30), 2))
    program(TICK)
    notes.wait_for("tick", 3)
    slots = until(lambda: (found := JobRun.objects.filter(result="succeeded")).count() >= 4 and found, what="four runs")
    assert {run.slot.timestamp() % 2 for run in slots} == {0}
    assert DjangoJob.objects.get().next_run_time.timestamp() % 2 == 0
    on_time = slots.order_by("slot")[2:]
    assert max((run.started_at - run.slot).total_seconds() for run in on_time) < 1


def test_a_slot_that_ran_already_is_not_run_again_whatever_the_job_table_says(program, notes):
    leave_run("hourly", last_hour())
    DjangoJob.objects.create(id="hourly", next_run_time=last_hour(), job_state=b"")
    process = program(HOURLY)
    process.wait_for(LEADS)
    until(lambda: DjangoJob.objects.get().next_run_time == last_hour() + timedelta(hours=1))
    stop(process)
    assert notes.times("hourly") == []


def test_a_run_that_was_cut_off_is_done_again_once(program, notes):
    leave_cut_off_run("hourly", last_hour())
    process = program(HOURLY | {"does": "hang"})
    notes.wait_for("hourly")
    process.kill()
    process = program(HOURLY | {"does": "hang"})
    process.wait_for(LEADS)
    until(lambda: not JobRun.objects.filter(result="running").exists())
    stop(process)
    assert len(notes.times("hourly")) == 1
    runs = JobRun.objects.filter(job_id="hourly", slot=last_hour())
    assert [run.result for run in runs] == ["interrupted", "interrupted"]
    assert {run.error for run in runs} == {"Interrupted: the process ended before the run did."}
    assert DjangoJob.objects.get().next_run_time == last_hour() + timedelta(hours=1)


def test_a_run_that_is_cut_off_under_a_changed_rhythm_is_done_again(program, notes):
    JobRhythm.objects.create(job_id="hourly", cron="30 * * * *", since=last_hour(5))
    leave_cut_off_run("hourly", last_hour(1) + timedelta(minutes=30))
    program(HOURLY)
    notes.wait_for("hourly")


def test_a_changed_rhythm_begins_anew_and_catches_up_nothing(program, notes):
    JobRhythm.objects.create(job_id="hourly", cron="*/30 * * * *", since=last_hour(5))
    leave_run("hourly", last_hour(3))
    process = program(HOURLY)
    process.wait_for(LEADS)
    assert DjangoJob.objects.get().next_run_time == last_hour() + timedelta(hours=1)
    stop(process)
    assert notes.times("hourly") == []


def test_f18_restarts_make_no_second_row_of_a_job(program, notes):
    for _ in range(3):
        process = program(TICK, HOURLY)
        process.wait_for(LEADS)
        stop(process)
    assert DjangoJob.objects.count() == 2


@pytest.mark.heavy
def test_f22_jobs_that_are_due_at_once_all_run(program, notes):
    names = ["one", "two", "three", "four"]
    program(*({"id": name, "every": 2, "does": "sleep 1"} for name in names))
    for name in names:
        notes.wait_for(name)
    first = {slot(notes.times(name)[0], 2) for name in names}
    assert len(first) == 1


def test_f21_of_the_slots_that_pass_while_a_job_runs_the_last_is_run_after_it_and_the_others_are_shown(program, notes):
    process = program({"id": "long", "every": 1, "does": "sleep 2.5"})
    notes.wait_for("long", 3, what="ended")
    stop(process)
    began, ended = notes.times("long"), notes.times("long", "ended")
    assert all(end <= after for end, after in zip(ended, began[1:], strict=False)), "runs overlap"
    assert all((after - end).total_seconds() < 1 for end, after in zip(ended, began[1:], strict=False))
    shown = DjangoJob.objects.get().djangojobexecution_set.filter(status="Max instances!")
    assert shown.count() >= 3
    assert not set(shown.values_list("run_time", flat=True)) & set(JobRun.objects.values_list("slot", flat=True))


def test_f8_a_slot_whose_beginning_cannot_be_written_is_run_as_soon_as_it_can(program, notes, other_session):
    """The ledger is locked when the slot falls due: the run is late, and not lost."""
    process = program(TICK)
    process.wait_for(LEADS)
    with other_session("LOCK TABLE utils_jobrun IN SHARE MODE"):
        process.wait_for("cannot begin yet")
    ran = notes.wait_for("tick", 2)
    first = JobRun.objects.order_by("slot").first()
    assert (first.started_at - first.slot).total_seconds() > 0.9
    assert slot(ran[0], 2) >= first.slot
    assert JobRun.objects.exclude(result="failed").count() >= 2
