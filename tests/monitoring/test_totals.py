"""What PostgreSQL adds up for each job, and the rhythms that tell since when something is to be expected."""

import pytest

from tests.builders import at
from tests.monitoring.runs import add_run
from utils.models import JobRhythm, JobRun, JobTotal
from utils.scheduler import rhythms
from utils.scheduler.jobs import Job

pytestmark = pytest.mark.django_db


def job(name, cron="* * * * *"):
    return Job(id=name, name=name, function=lambda: None, cron=cron)


@pytest.mark.parametrize("place", range(len(JobTotal.BOUNDS)))
def test_a_run_is_counted_at_the_first_bound_that_it_does_not_exceed(place):
    bound = JobTotal.BOUNDS[place]
    add_run("x", "2026-03-02T10:00", seconds=bound)
    assert JobTotal.objects.get().durations[place] == 1
    add_run("x", "2026-03-02T10:01", seconds=bound + 0.001)
    durations = JobTotal.objects.get().durations
    assert (durations[place], durations[place + 1], sum(durations)) == (1, 1, 2)


def test_the_totals_of_a_job_are_those_of_its_runs_and_outlive_them():
    add_run("x", "2026-03-02T10:00", seconds=2, rows=7)
    add_run("x", "2026-03-02T10:01", seconds=0.5, result="failed", error="No")
    add_run("x", "2026-03-02T10:02", seconds=500, result="interrupted")
    add_run("y", "2026-03-02T10:00", seconds=1)
    JobRun.objects.all().delete()
    total = JobTotal.objects.get(pk="x")
    assert (total.succeeded, total.failed, total.interrupted, total.rows, total.seconds) == (1, 1, 1, 7, 2.5)
    assert sum(total.durations) == 2
    assert JobTotal.objects.get(pk="y").succeeded == 1


def test_a_run_is_counted_once_and_when_it_ends():
    run = add_run("x", "2026-03-02T10:00", seconds=None)
    assert not JobTotal.objects.exists()
    JobRun.objects.filter(pk=run.pk).update(result="succeeded", ended_at=at("2026-03-02T10:00"), rows=3)
    JobRun.objects.filter(pk=run.pk).update(ended_at=at("2026-03-02T10:05"), rows=4)
    assert JobTotal.objects.get().rows == 3


def test_many_runs_that_one_statement_ends_are_all_counted():
    for minute in range(3):
        add_run("x", f"2026-03-02T10:0{minute}", seconds=None)
        add_run("y", f"2026-03-02T10:0{minute}", seconds=None)
    add_run("z", "2026-03-02T10:00")
    ended_at = at("2026-03-02T10:10")
    JobRun.objects.filter(result="running").update(result="failed", ended_at=ended_at, rows=2)
    JobRun.objects.all().update(rows=9)
    again = [
        JobRun(job_id="x", slot=at(f"2026-03-02T11:0{minute}"), started_at=ended_at, ended_at=ended_at, result=result)
        for minute, result in enumerate(("succeeded", "interrupted", "succeeded"))
    ]
    JobRun.objects.bulk_create(again)
    x, y, z = JobTotal.objects.order_by("job_id")
    assert (x.succeeded, x.failed, x.interrupted, x.rows) == (2, 3, 1, 6)
    assert (x.durations[0], sum(x.durations)) == (2, 5)
    assert (y.succeeded, y.failed, y.rows, sum(y.durations)) == (0, 3, 6, 3)
    assert (z.succeeded, z.rows) == (1, 0)


def since():
    return {rhythm.job_id: (rhythm.cron, f"{rhythm.since:%H:%M}") for rhythm in JobRhythm.objects.all()}


def test_a_rhythm_begins_when_the_job_is_new_changed_or_resumed():
    rhythms.note([job("a"), job("b"), job("gone")], now=at("2026-03-02T10:00"))
    rhythms.note([job("a"), job("b", "0 * * * *"), job("c")], now=at("2026-03-02T11:00"))
    assert since() == {
        "a": ("* * * * *", "10:00"),
        "b": ("0 * * * *", "11:00"),
        "c": ("* * * * *", "11:00"),
    }
    rhythms.begin_anew("a", now=at("2026-03-02T12:00"))
    assert since()["a"] == ("* * * * *", "12:00")
