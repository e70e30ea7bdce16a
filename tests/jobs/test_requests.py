"""What staff ask of the leader: run now, pause, resume; carried out by the leader alone, and kept as its record."""

import signal
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from tests.jobs.notes import at_best, slot, until
from tests.jobs.processes import Hourly
from utils.background_tasks import TIMETABLE
from utils.models import JobRequest, JobRun, PausedJob
from utils.scheduler import requests
from utils.scheduler.jobs import Job

LEADS = "Scheduler started successfully!"
TICK = {"id": "tick", "every": 1}
YEARLY = {"id": "yearly", "cron": "0 0 1 1 *"}
JOBS = [Job(id=name, name=name, function=int, cron="* * * * *") for name in ("tick", "yearly")]


@pytest.fixture
def staff(transactional_db):
    return get_user_model().objects.create_user("kay")


def ask(kind, job_id, by=None):
    asking = {"run": requests.ask_run, "pause": requests.ask_pause, "resume": requests.ask_resume}[kind]
    return asking(job_id, timetable=JOBS, by=by, now=timezone.now())


def await_done(request):
    return until(lambda: JobRequest.objects.filter(pk=request.pk, done_at__isnull=False).first(), what=str(request))


def test_a_run_that_is_asked_for_is_run_by_the_leader_within_two_seconds(program, notes, staff):
    process = program(YEARLY, timers="production")
    process.wait_for(LEADS)
    planned = DjangoJob.objects.get().next_run_time

    def seconds_to_the_run():
        request = ask("run", "yearly", by=staff)
        done = await_done(request)
        assert (done.outcome, done.asked_by) == ("succeeded, 1 row", staff)
        run = JobRun.objects.latest("pk")
        assert (run.asked, run.slot, run.result) == (True, request.asked_at, "succeeded")
        return (notes.times("yearly")[-1] - request.asked_at).total_seconds()

    assert at_best(seconds_to_the_run, 2) < 2
    until(lambda: DjangoJobExecution.objects.filter(status="Executed").exists(), what="the history following")
    assert DjangoJob.objects.get().next_run_time == planned


def test_a_run_that_fails_says_so_in_the_request(program, notes):
    program(YEARLY | {"does": "fail no paper"}).wait_for(LEADS)
    assert await_done(ask("run", "yearly")).outcome == "failed: ValueError: no paper"


def test_a_run_that_is_asked_for_while_the_job_runs_comes_after_it(program, notes, gate):
    program(YEARLY | {"does": gate.job}).wait_for(LEADS)
    with gate.closed():
        first = ask("run", "yearly")
        notes.wait_for("yearly")
        assert ask("run", "yearly").pk == first.pk
    await_done(first)
    second = ask("run", "yearly")
    assert second.pk != first.pk
    await_done(second)
    ended, began = notes.times("yearly", "ended"), notes.times("yearly")
    assert ended[0] < began[1]


def test_a_slot_that_falls_due_during_a_run_that_was_asked_for_is_not_lost(program, notes):
    """The job takes four of the six seconds from slot to slot, so what is asked for begins shortly before a slot."""
    program({"id": "tick", "every": 6, "does": "sleep 4"})
    notes.wait_for("tick")
    request = ask("run", "tick")
    until(lambda: JobRun.objects.filter(asked=True).exists())
    due = slot(JobRun.objects.get(asked=True).started_at, 6) + timedelta(seconds=6)
    await_done(request)
    run = until(lambda: JobRun.objects.filter(asked=False, slot=due).first(), what=f"the run of {due}")
    assert run.started_at >= due


def test_the_leader_does_not_run_what_is_asked_while_it_is_gone_but_the_next_one_does(program, notes):
    request = ask("run", "yearly")
    standby_later = program(YEARLY)
    assert await_done(request).outcome == "succeeded, 1 row"
    standby_later.signal(signal.SIGTERM)
    assert standby_later.end() == 0
    assert len(notes.times("yearly")) == 1


def test_a_run_that_was_asked_for_and_is_cut_off_twice_is_given_up(program, notes):
    request = ask("run", "yearly")
    for _ in range(2):
        process = program(YEARLY | {"does": "hang"})
        notes.wait_for("yearly")
        process.kill()
    program(YEARLY | {"does": "hang"})
    assert await_done(request).outcome == "given up: the run was cut off twice"
    assert len(notes.times("yearly")) == 2


def test_a_paused_job_does_not_run_not_even_after_a_restart_until_it_is_resumed(program, notes, staff):
    process = program(TICK, {"id": "other", "every": 1})
    notes.wait_for("tick")
    assert await_done(ask("pause", "tick", by=staff)).outcome == "paused"
    until(lambda: DjangoJob.objects.get(id="tick").next_run_time is None, what="the table showing the pause")
    paused, paused_by_then = PausedJob.objects.get(), timezone.now()
    assert (paused.job_id, paused.paused_by) == ("tick", staff)
    notes.wait_for("other", 3)
    process.kill()
    program(TICK, {"id": "other", "every": 1})
    notes.wait_for("other", 3)
    assert not [slot for slot in notes.slots("tick") if slot > paused_by_then]
    assert DjangoJob.objects.get(id="tick").next_run_time is None

    assert await_done(ask("resume", "tick", by=staff)).outcome == "resumed"
    notes.wait_for("tick", 2)
    assert not PausedJob.objects.exists()


def test_a_paused_job_catches_up_one_slot_when_it_is_resumed(program):
    hourly = Hourly()
    PausedJob.objects.create(job_id="tick", since=hourly.last(3) - timedelta(minutes=30))
    program({"id": "tick", "cron": hourly.cron}).wait_for(LEADS)
    await_done(ask("resume", "tick"))
    run = until(lambda: JobRun.objects.filter(result="succeeded").first())
    assert run.slot == hourly.last()
    until(lambda: DjangoJob.objects.get().next_run_time == hourly.next)
    assert JobRun.objects.count() == 1


def test_a_job_that_was_paused_within_its_rhythm_catches_up_nothing(program, notes):
    program(YEARLY).wait_for(LEADS)
    await_done(ask("pause", "yearly"))
    await_done(ask("resume", "yearly"))
    until(lambda: DjangoJob.objects.get().next_run_time is not None)
    assert notes.times("yearly") == []


def test_a_pause_that_is_edited_by_hand_is_followed(program, notes):
    program(TICK)
    notes.wait_for("tick")
    paused = PausedJob.objects.create(job_id="tick", since=timezone.now())
    until(lambda: DjangoJob.objects.get().next_run_time is None, what="the pause")
    paused.delete()
    notes.wait_for("tick", 2)


def test_a_paused_job_can_be_run_on_request(program, notes):
    PausedJob.objects.create(job_id="tick", since=timezone.now())
    program(TICK)
    await_done(ask("run", "tick"))
    assert len(notes.times("tick")) == 1


def test_what_changes_nothing_is_said_so(program, notes):
    program(YEARLY).wait_for(LEADS)
    assert await_done(ask("resume", "yearly")).outcome == "was not paused"
    await_done(ask("pause", "yearly"))
    assert await_done(ask("pause", "yearly")).outcome == "was paused already"


def test_a_request_for_a_job_that_the_leader_does_not_know_is_closed(program, notes):
    program(YEARLY).wait_for(LEADS)
    assert await_done(ask("run", "tick")).outcome == "refused: there is no such job"


def test_a_leader_that_thaws_carries_nothing_out_any_more(program, notes):
    soon_lost = {"lease": 3}
    frozen = program(YEARLY, timers=soon_lost)
    frozen.wait_for(LEADS)
    frozen.signal(signal.SIGSTOP)
    follower = program(YEARLY, timers=soon_lost)
    follower.wait_for(LEADS)
    follower.signal(signal.SIGSTOP)
    request = ask("pause", "yearly")
    frozen.signal(signal.SIGCONT)
    assert frozen.end() in {70, 75}
    assert JobRequest.objects.get(pk=request.pk).done_at is None
    third = program(YEARLY)
    third.wait_for(LEADS)
    assert await_done(request).outcome == "paused"


@pytest.mark.django_db
@pytest.mark.parametrize("asking", [requests.ask_run, requests.ask_pause, requests.ask_resume])
def test_a_job_that_does_not_exist_is_refused(asking):
    with pytest.raises(requests.RequestRefused, match="There is no job nonsense"):
        asking("nonsense", timetable=TIMETABLE, by=None, now=timezone.now())
    assert not JobRequest.objects.exists()
