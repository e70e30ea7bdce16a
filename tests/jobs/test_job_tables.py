"""The two django-apscheduler tables follow: whatever is locked, deleted, edited or unreadable there, the jobs run."""

import pickle
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import connection
from django.utils import timezone
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from tests.jobs.notes import at_best, until
from tests.jobs.processes import ROOT, database_url
from utils.models import JobRun

LEADS = "Scheduler started successfully!"
TICK, TOCK = {"id": "tick", "every": 1}, {"id": "tock", "every": 1}


def largest_gap(notes, job, since):
    times = [since, *(at for at in notes.times(job) if at > since)]
    return max((after - before).total_seconds() for before, after in pairwise(times))


def test_f9_a_row_that_somebody_locked_stops_no_job_and_the_history_follows(program, notes, other_session):
    process = program(TICK, TOCK)
    notes.wait_for("tick", 2)
    locked_at = timezone.now()
    with other_session("SELECT * FROM django_apscheduler_djangojob WHERE id = 'tick' FOR UPDATE"):
        process.wait_for("The job tables cannot be written and follow later")
        for job in ("tick", "tock"):
            notes.wait_until_steady(job)
        assert DjangoJob.objects.get(id="tick").next_run_time < timezone.now()
    until(lambda: DjangoJob.objects.get(id="tick").next_run_time > timezone.now(), what="the table following")
    ran = JobRun.objects.filter(job_id="tick", ended_at__gt=locked_at, result="succeeded").values_list(
        "slot", flat=True
    )

    def shown():
        return DjangoJobExecution.objects.filter(job_id="tick", status="Executed").values_list("run_time", flat=True)

    until(lambda: set(ran) <= set(shown()), what="the history following")


def delete_rows():
    """Empty both tables, locking them in the order in which the scheduler does, or one of the two would be a victim."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE django_apscheduler_djangojobexecution, django_apscheduler_djangojob")


def test_f11_rows_that_are_deleted_come_back_and_no_slot_is_lost(program, notes):
    program(TICK, TOCK)
    notes.wait_for("tick", 2)

    def gap_after_a_deletion():
        deleted_at = timezone.now()
        delete_rows()
        until(lambda: DjangoJob.objects.count() == 2, what="the rows coming back")
        notes.wait_for("tick", 2)
        return largest_gap(notes, "tick", deleted_at)

    assert at_best(gap_after_a_deletion, 1.8) < 1.8


@pytest.mark.parametrize("what", ["note", pytest.param("sleep 1", marks=pytest.mark.heavy)])
def test_f12_a_row_that_is_deleted_while_its_job_runs_disturbs_nothing(program, notes, what):
    process = program({"id": "tick", "every": 2, "does": what})
    for _ in range(2):
        notes.wait_for("tick")
        delete_rows()
    notes.wait_for("tick", 2)
    assert "Traceback" not in process.output
    assert not JobRun.objects.exclude(result__in=["succeeded", "running"]).exists()


class Renamed:
    """A class that the scheduler cannot import."""


def unreadable():
    return pickle.dumps(Renamed()).replace(b"test_job_tables", b"test_job_tablex")


def test_f14_a_row_that_cannot_be_read_is_written_anew_and_its_history_stays(program, notes):
    job = DjangoJob.objects.create(id="tick", next_run_time=timezone.now(), job_state=unreadable())
    DjangoJobExecution.objects.create(job=job, run_time=timezone.now() - timedelta(days=1), status="Executed")
    with pytest.raises(ModuleNotFoundError):
        pickle.loads(job.job_state)
    program(TICK)
    notes.wait_for("tick", 2)
    job.refresh_from_db()
    assert pickle.loads(job.job_state)["func"] == "utils.scheduler:run_job"
    assert job.djangojobexecution_set.filter(run_time__lt=timezone.now() - timedelta(hours=1)).count() == 1


def history_of(job_id):
    return set(DjangoJobExecution.objects.filter(job_id=job_id).values_list("id", flat=True))


def test_f15_an_older_version_parks_the_jobs_of_a_newer_one_and_deletes_nothing(program, notes):
    new = program(TICK, TOCK)
    notes.wait_for("tock", 2)
    until(lambda: DjangoJobExecution.objects.filter(job_id="tock").exists())
    new.kill()
    history = history_of("tock")
    old = program(TICK)
    old.wait_for("CRITICAL: Job tock is not in the timetable and does not run; its row and history stay")
    notes.wait_for("tick", 2)
    old.kill()
    assert DjangoJob.objects.get(id="tock").next_run_time is None
    assert history <= history_of("tock")
    program(TICK, TOCK)
    notes.wait_for("tock", 2)
    assert history <= history_of("tock")


def test_f16_a_job_that_left_the_timetable_runs_no_more_and_its_row_goes_with_its_history(program, notes):
    past = timezone.now() - timedelta(days=30)
    job = DjangoJob.objects.create(id="orphan", next_run_time=timezone.now(), job_state=unreadable())
    DjangoJobExecution.objects.create(job=job, run_time=past, status="Executed")
    process = program(TICK)
    process.wait_for("CRITICAL: Job orphan is not in the timetable")
    notes.wait_for("tick", 2)
    process.kill()
    assert notes.times("orphan") == []
    process = program(TICK)
    until(lambda: not DjangoJob.objects.filter(id="orphan").exists(), what="the row going")
    assert "orphan" not in process.output


def test_f17_looking_at_all_jobs_from_a_shell_deletes_no_row(program, notes):
    program(TICK, TOCK)
    notes.wait_for("tick", 2)
    looking = (
        "from apscheduler.schedulers.background import BackgroundScheduler\n"
        "from django_apscheduler.jobstores import DjangoJobStore\n"
        "store = DjangoJobStore(); store._scheduler = BackgroundScheduler(); store._alias = 'x'\n"
        "print(sorted(job.id for job in store.get_all_jobs()))"
    )
    shown = subprocess.run(
        [sys.executable, "manage.py", "shell", "-c", looking],
        cwd=ROOT,
        env={"DATABASE_URL": database_url(), "DEMO": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == "['tick', 'tock']"
    assert DjangoJob.objects.count() == 2
    notes.wait_for("tick", 2)


@pytest.mark.parametrize(
    "edited",
    [
        timedelta(days=-400),
        pytest.param(timedelta(seconds=-3.3), marks=pytest.mark.heavy),
        pytest.param(timedelta(days=400), marks=pytest.mark.heavy),
    ],
)
def test_f19_an_edited_time_neither_spins_nor_stops_the_scheduler_and_is_corrected(program, notes, edited):
    process = program({"id": "tick", "every": 5}, {"id": "tock", "every": 1}, timers={"reconcile": 1})
    notes.wait_for("tock", 2)
    began, before = time.monotonic(), process.processor_seconds
    DjangoJob.objects.filter(id="tick").update(next_run_time=timezone.now() + edited)
    notes.wait_for("tock", 3)
    assert process.processor_seconds - before < (time.monotonic() - began) / 5
    until(
        lambda: timedelta(0) < DjangoJob.objects.get(id="tick").next_run_time - timezone.now() <= timedelta(seconds=5)
    )
    assert max(notes.slots("tick").values(), default=0) <= 1


def test_f26_executions_that_still_count_as_started_are_closed_at_the_start(program, notes):
    job = DjangoJob.objects.create(id="tick", next_run_time=timezone.now(), job_state=b"")
    stale = DjangoJobExecution.objects.create(
        job=job, run_time=timezone.now() - timedelta(hours=1), status=DjangoJobExecution.SENT
    )
    program(TICK).wait_for(LEADS)
    stale.refresh_from_db()
    assert (stale.status, stale.exception) == ("Error!", "Interrupted: the process ended before the run did.")
    assert 3595 < stale.duration < 3700


def many_runs(days):
    """A run a minute for so many days, in both records."""
    DjangoJob.objects.create(id="tick", job_state=b"")
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # without the totals, which are added up run by run
        cursor.execute(
            "INSERT INTO utils_jobrun (job_id, slot, asked, instance, started_at, ended_at, result, error)"
            " SELECT 'tick', at, false, 'before', at, at, 'succeeded', '' FROM"
            " generate_series(date_trunc('minute', now()) - make_interval(days => %s), now(), '1 minute') at",
            [days],
        )
        cursor.execute(
            "INSERT INTO django_apscheduler_djangojobexecution (job_id, run_time, status)"
            " SELECT job_id, slot, 'Executed' FROM utils_jobrun"
        )
        cursor.execute("SET session_replication_role = DEFAULT")


@pytest.mark.parametrize("days", [30, pytest.param(365, marks=pytest.mark.heavy)])
def test_f35_what_was_never_deleted_is_deleted_at_the_start_and_the_jobs_run_meanwhile(program, notes, days):
    many_runs(days)
    program(TICK, timers={"silence": 60}, JOB_HISTORY_DAYS="7")
    notes.wait_for("tick", 2)
    week = datetime.now(UTC) - timedelta(days=7)
    until(lambda: not JobRun.objects.filter(started_at__lt=week - timedelta(seconds=60)).exists())
    until(lambda: not DjangoJobExecution.objects.filter(run_time__lt=week - timedelta(seconds=60)).exists())
    assert JobRun.objects.count() > 7 * 24 * 60 - 5
