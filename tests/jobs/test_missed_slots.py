"""What was missed is caught up once and on the grid; nobody forgets a job and nothing runs twice."""

import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.utils import timezone
from django_apscheduler.models import DjangoJob

from tests.jobs.notes import slot, until
from tests.jobs.processes import Hourly, leave_cut_off_run
from utils.models import JobRhythm, JobRun

LEADS = "Scheduler started successfully!"
TICK = {"id": "tick", "every": 2}


def leave_run(job_id, at, **values):
    values = {"result": "succeeded", "ended_at": at, "started_at": at, "instance": "before"} | values
    return JobRun.objects.create(job_id=job_id, slot=at, **values)


@pytest.fixture
def hourly():
    return Hourly()


def job(hourly):
    return {"id": "hourly", "cron": hourly.cron}


def test_f3_a_run_that_fell_due_while_down_is_caught_up_once_and_then_the_rhythm_goes_on(program, notes, hourly):
    leave_run("hourly", hourly.last(3))
    first = program(job(hourly))
    notes.wait_for("hourly")
    run = until(
        lambda: JobRun.objects.filter(job_id="hourly", result="succeeded", instance__contains=first.pid).first()
    )
    assert run.slot == hourly.last()
    first.stop()
    second = program(job(hourly))
    second.wait_for(LEADS)
    second.stop()
    assert len(notes.times("hourly")) == 1
    assert DjangoJob.objects.get().next_run_time == hourly.next


@pytest.mark.heavy
def test_f4_restarts_that_come_more_often_than_the_job_do_not_keep_it_from_running(program, notes):
    often, deadline = {"id": "tick", "every": 3}, time.monotonic() + 60
    while len(notes.times("tick")) < 3:
        assert time.monotonic() < deadline
        process = program(often)
        process.wait_for(LEADS)
        time.sleep(0.5)  # it lives for less than a rhythm
        process.stop()
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
    assert min((run.started_at - run.slot).total_seconds() for run in on_time) < 1


def test_a_slot_that_ran_already_is_not_run_again_whatever_the_job_table_says(program, notes, hourly):
    leave_run("hourly", hourly.last())
    DjangoJob.objects.create(id="hourly", next_run_time=hourly.last(), job_state=b"")
    process = program(job(hourly))
    process.wait_for(LEADS)
    until(lambda: DjangoJob.objects.get().next_run_time == hourly.next)
    process.stop()
    assert notes.times("hourly") == []


def test_a_run_that_was_cut_off_is_done_again_once(program, notes, hourly):
    leave_cut_off_run("hourly", hourly.last())
    process = program(job(hourly) | {"does": "hang"})
    notes.wait_for("hourly")
    process.kill()
    process = program(job(hourly) | {"does": "hang"})
    process.wait_for(LEADS)
    until(lambda: not JobRun.objects.filter(result="running").exists())
    process.stop()
    assert len(notes.times("hourly")) == 1
    runs = JobRun.objects.filter(job_id="hourly", slot=hourly.last())
    assert [run.result for run in runs] == ["interrupted", "interrupted"]
    assert {run.error for run in runs} == {"Interrupted: the process ended before the run did."}
    assert DjangoJob.objects.get().next_run_time == hourly.next


def test_a_run_that_is_cut_off_under_a_changed_rhythm_is_done_again(program, notes, hourly):
    half_past = hourly.last(1) + timedelta(minutes=30)
    JobRhythm.objects.create(job_id="hourly", cron=f"{half_past.minute} * * * *", since=hourly.last(5))
    leave_cut_off_run("hourly", half_past)
    program(job(hourly))
    notes.wait_for("hourly")


def test_a_changed_rhythm_begins_anew_and_catches_up_nothing(program, notes, hourly):
    JobRhythm.objects.create(job_id="hourly", cron="*/30 * * * *", since=hourly.last(5))
    leave_run("hourly", hourly.last(3))
    process = program(job(hourly))
    process.wait_for(LEADS)
    assert DjangoJob.objects.get().next_run_time == hourly.next
    process.stop()
    assert notes.times("hourly") == []


def test_f18_restarts_make_no_second_row_of_a_job(program, notes, hourly):
    for _ in range(3):
        process = program(TICK, job(hourly))
        process.wait_for(LEADS)
        process.stop()
    assert DjangoJob.objects.count() == 2


@pytest.mark.heavy
def test_f22_jobs_that_are_due_at_once_all_run(program, notes):
    names = ["one", "two", "three", "four"]
    program(*({"id": name, "every": 2, "does": "sleep 1"} for name in names))
    for name in names:
        notes.wait_for(name)
    first = {min(notes.slots(name)) for name in names}
    assert len(first) == 1


def test_f21_of_the_slots_that_pass_while_a_job_runs_the_last_is_run_after_it_and_the_others_are_shown(program, notes):
    process = program({"id": "long", "every": 1, "does": "sleep 2.5"})
    notes.wait_for("long", 3, what="ended")
    shown = DjangoJob.objects.get().djangojobexecution_set.filter(status="Max instances!")
    until(lambda: shown.count() >= 3, what="the skipped slots being shown")
    process.stop()
    began, ended = notes.times("long"), notes.times("long", "ended")
    assert all(end <= after for end, after in zip(ended, began[1:], strict=False)), "runs overlap"
    slots = JobRun.objects.order_by("pk").values_list("slot", flat=True)
    assert all(slot <= end for end, slot in zip(ended, slots[1:], strict=False)), "it waited for the run before"
    assert not set(shown.values_list("run_time", flat=True)) & set(JobRun.objects.values_list("slot", flat=True))


def test_f8_a_slot_whose_beginning_cannot_be_written_is_run_as_soon_as_it_can(program, notes, other_session):
    """The ledger is locked when the slot falls due: the run is late, and not lost."""
    process = program(TICK)
    process.wait_for(LEADS)
    locked_at = None
    while not locked_at:
        with other_session("LOCK TABLE utils_jobrun IN SHARE MODE"):
            if not JobRun.objects.filter(result="running").exists():  # the end of that one would wait
                locked_at = timezone.now()
                process.wait_for("cannot begin yet")
    ran = notes.wait_for("tick", 2)
    first = JobRun.objects.filter(started_at__gt=locked_at).earliest("slot")
    assert (first.started_at - first.slot).total_seconds() > 0.9
    assert slot(ran[-2], 2) >= first.slot
    assert JobRun.objects.exclude(result="failed").count() >= 2
