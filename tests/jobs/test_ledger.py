"""The ledger of runs: how each went, once per slot, without what must not or cannot be stored."""

import signal
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from tests.jobs.notes import until
from tests.jobs.processes import leave_cut_off_run
from utils.models import Instance, JobRequest, JobRun
from utils.scheduler import errors, history, ledger
from utils.scheduler.ledger import Outcome, Work

LEADS = "Scheduler started successfully!"
SLOT = datetime(2026, 3, 2, 10, tzinfo=UTC)
A_WEEK = timedelta(days=7)


def test_each_run_is_recorded_with_slot_times_rows_and_process(program, notes):
    process = program({"id": "tick", "every": 2})
    notes.wait_for("tick", 2)
    run = until(lambda: JobRun.objects.filter(result="succeeded").order_by("-id").first())
    assert (run.job_id, run.rows, run.error, run.asked) == ("tick", 1, "", False)
    assert run.slot.timestamp() % 2 == 0
    assert run.slot <= run.started_at <= run.ended_at
    assert f"-{process.pid}-" in run.instance


def test_an_error_is_recorded_with_its_traceback_and_the_job_runs_again_at_its_next_slot(program, notes):
    program({"id": "bad", "every": 1, "does": "fail the plan is missing"})
    notes.wait_for("bad", 2)
    run = until(lambda: JobRun.objects.filter(result="failed").first())
    headline, _, trace = run.error.partition("\n")
    assert headline == "ValueError: the plan is missing"
    assert trace.startswith("Traceback (most recent call last):\n")
    assert "in act" in trace
    shown = until(lambda: DjangoJobExecution.objects.filter(status="Error!").first(), what="the history following")
    assert (shown.exception, shown.traceback) == (headline, run.error)


@pytest.mark.parametrize("text", ["x" * 2000, "beforeNULafter", "\\udc80 half a character", "%s {0} 100 %"])
def test_f27_an_error_that_is_long_or_cannot_be_stored_does_not_leave_the_run_open(program, notes, text):
    process = program({"id": "bad", "every": 1, "does": f"fail {text}"})
    notes.wait_for("bad", 2)
    shown = until(lambda: DjangoJobExecution.objects.filter(status="Error!").first(), what="the history following")
    assert shown.exception.startswith("ValueError: ")
    assert len(shown.exception) <= 900
    until(lambda: JobRun.objects.filter(result="failed").exists())
    process.signal(signal.SIGTERM)
    assert process.end() == 0
    assert not JobRun.objects.filter(result="running").exists()
    assert not DjangoJobExecution.objects.filter(status="Started execution").exists()


def test_f27_an_outcome_that_the_database_refuses_is_recorded_as_a_failure(program, notes):
    program({"id": "bad", "every": 1, "does": "return -1"})
    notes.wait_for("bad", 2)
    run = until(lambda: JobRun.objects.filter(result="failed").first())
    assert run.error.startswith("IntegrityError: new row")
    assert run.rows is None


def test_an_error_that_cannot_be_told_is_an_error_all_the_same():
    class Silent(Exception):
        def __str__(self):
            raise RuntimeError

    assert errors.headline(Silent()) == "Silent: it does not tell what went wrong"
    assert errors.report(Silent()).startswith("Silent: ")


@pytest.mark.django_db
def test_a_slot_runs_once_unless_its_run_was_cut_off():
    work = Work("tick", SLOT)
    first = ledger.begin(work, instance="a", now=SLOT)
    assert ledger.begin(work, instance="b", now=SLOT) is None
    ledger.interrupt(now=SLOT, run_ids=[first])
    second = ledger.begin(work, instance="b", now=SLOT)
    ledger.end(second, work, Outcome(ledger.Result.FAILED, error="x"), now=SLOT)
    assert ledger.begin(work, instance="b", now=SLOT) is None
    assert ledger.begin(Work("tock", SLOT), instance="b", now=SLOT)


@pytest.mark.django_db
def test_a_run_that_somebody_closed_meanwhile_stays_closed():
    work = Work("tick", SLOT)
    run = ledger.begin(work, instance="a", now=SLOT)
    ledger.interrupt(now=SLOT)
    ledger.end(run, work, Outcome(ledger.Result.SUCCEEDED, rows=3), now=SLOT)
    assert JobRun.objects.get().result == "interrupted"


@pytest.mark.django_db
def test_what_is_known_of_a_job_is_its_last_slot_and_whether_to_run_it_again():
    assert ledger.past("tick") == ledger.Past()
    leave_cut_off_run("tick", SLOT)
    ledger.interrupt(now=SLOT)
    assert ledger.past("tick") == ledger.Past(SLOT, again=True)
    leave_cut_off_run("tick", SLOT)
    ledger.interrupt(now=SLOT)
    assert ledger.past("tick") == ledger.Past(SLOT, again=False)
    later = SLOT + timedelta(minutes=1)
    JobRun.objects.create(job_id="tick", slot=later, started_at=later, instance="a", asked=True)
    assert ledger.past("tick") == ledger.Past(SLOT, again=False)


@pytest.mark.django_db
def test_f29_slots_that_ran_before_the_clock_was_set_back_come_again_and_others_do_not():
    for seconds in (-60, 0, 4, 6, 45):
        at = SLOT + timedelta(seconds=seconds)
        JobRun.objects.create(job_id="tick", slot=at, started_at=at, ended_at=at, result="succeeded", instance="a")
    assert ledger.give_back_the_future(SLOT) == 2
    assert ledger.past("tick").last == SLOT + timedelta(seconds=4)
    assert ledger.begin(Work("tick", SLOT + timedelta(seconds=45)), instance="a", now=SLOT)
    assert ledger.begin(Work("tick", SLOT), instance="a", now=SLOT) is None


def leave_run(job_id, started_at, **values):
    values = {"result": "succeeded", "ended_at": started_at, "instance": "a"} | values
    return JobRun.objects.create(job_id=job_id, slot=started_at, started_at=started_at, **values)


@pytest.mark.django_db
def test_old_records_are_deleted_but_not_what_tells_when_a_job_last_ran():
    now, old = timezone.now(), timezone.now() - 2 * A_WEEK
    leave_run("monthly", old - timedelta(hours=1))
    leave_run("tick", old)
    kept = [
        leave_run("monthly", old, result="succeeded"),
        leave_run("monthly", old + timedelta(hours=1), result="failed"),
        leave_run("tick", now),
    ]
    Instance.objects.create(name="gone", role="standby", started_at=old, seen_at=old)
    Instance.objects.create(name="here", role="leader", started_at=old, seen_at=now)
    JobRequest.objects.create(job_id="tick", kind="run", asked_at=old, done_at=old)
    waiting = JobRequest.objects.create(job_id="tick", kind="run", asked_at=old)
    job = DjangoJob.objects.create(id="tick", job_state=b"")
    for at in (old, now):
        DjangoJobExecution.objects.create(job=job, run_time=at, status="Executed")

    assert history.delete_old(["tick", "monthly"], before=now - A_WEEK) == 5
    assert list(JobRun.objects.order_by("id")) == kept
    assert [instance.name for instance in Instance.objects.all()] == ["here"]
    assert list(JobRequest.objects.all()) == [waiting]
    assert job.djangojobexecution_set.get().run_time == now


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("could not connect to postgres://isp:hunter2hunter2@db:5432/x", "postgres://isp:***@db:5432/x"),
        ("the key is example-secret-key-of-this-test-of-ours", "the key is ***"),
        ("posting to https://hooks.example.net/T000/secret failed", "posting to *** failed"),
        ("posting to https://hc.example.net/uuid-of-ours/start failed", "posting to ***/start failed"),
        ("password database-password-of-ours refused", "password *** refused"),
    ],
)
def test_no_secret_stands_in_an_error(settings, monkeypatch, text, told):
    settings.SECRET_KEY = "example-secret-key-of-this-test-of-ours"
    settings.ALARM_WEBHOOK_URL = "https://hooks.example.net/T000/secret"
    settings.DEAD_MAN_URLS = ["tick=https://hc.example.net/uuid-of-ours"]
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", "database-password-of-ours")
    report = errors.report(ValueError(text))
    assert told in report.partition("\n")[0]
    assert told in report.partition("\n")[2]
    for secret in ("hunter2", "example-secret", "T000", "uuid-of-ours", "database-password"):
        assert secret not in report


@pytest.mark.django_db
def test_a_request_runs_once_also_when_it_was_read_before_its_run_ended():
    request = JobRequest.objects.create(job_id="tick", kind="run", asked_at=SLOT)
    read = Work("tick", request.asked_at, request.pk)
    run_id = ledger.begin(read, instance="a", now=SLOT)
    ledger.end(run_id, read, Outcome(JobRun.Result.SUCCEEDED), now=SLOT)
    assert ledger.begin(read, instance="a", now=SLOT) is None
    assert JobRun.objects.count() == 1


@pytest.mark.django_db
def test_a_request_whose_run_was_cut_off_runs_again():
    request = JobRequest.objects.create(job_id="tick", kind="run", asked_at=SLOT)
    read = Work("tick", request.asked_at, request.pk)
    ledger.begin(read, instance="a", now=SLOT)
    ledger.interrupt(now=SLOT)
    assert ledger.begin(read, instance="b", now=SLOT)


def test_the_outcome_of_a_request_is_one_line_that_fits():
    assert Outcome(ledger.Result.SUCCEEDED, rows=1).summary == "succeeded, 1 row"
    assert Outcome(ledger.Result.SUCCEEDED).summary == "succeeded"
    failed = Outcome(ledger.Result.FAILED, error="ValueError: " + "x" * 500 + "\nTraceback")
    assert failed.summary.startswith("failed: ValueError: xxx")
    assert len(failed.summary) == 200
