"""The query behind the status: what it finds, and that the history's length does not matter."""

import pytest
from django.db import connection
from django_apscheduler.models import DjangoJob

from tests.builders import at
from tests.monitoring.runs import add_leader, add_run
from utils.background_tasks import TIMETABLE
from utils.models import Alarm, JobRequest, JobRhythm, PausedJob
from utils.monitoring import facts, status

pytestmark = pytest.mark.django_db
CHECK = TIMETABLE[0].id


def found(job_id=CHECK):
    [job] = [job for job in status.current(TIMETABLE, at("2026-03-02T10:03")).jobs if job.id == job_id]
    return job


def test_of_each_job_the_last_success_the_last_error_and_the_run_that_runs_are_found():
    for minute in range(3):
        add_run(CHECK, f"2026-03-02T10:0{minute}")
        add_run(TIMETABLE[1].id, f"2026-03-02T10:0{minute}")
    add_run(CHECK, "2026-03-02T09:00", result="failed", error="ValueError: too old")
    last = add_run(CHECK, "2026-03-02T10:02:30", seconds=1.5)
    add_run(CHECK, "2026-03-02T11:00", superseded=True)
    add_run(CHECK, "2026-03-02T11:01", superseded=True, result="failed")
    add_run(CHECK, "2026-03-02T08:00")
    failure = add_run(CHECK, "2026-03-02T09:58", result="interrupted", error="Killed\nTraceback\n  File x")
    running = add_run(CHECK, "2026-03-02T10:03", seconds=None)
    add_leader(at("2026-03-02T10:03"))
    job = found()
    assert (job.last_success.row, job.last_success.seconds) == (last.pk, 1.5)
    assert (job.last_failure.row, job.last_failure.text) == (failure.pk, "Killed")
    assert (job.running.row, job.running.at) == (running.pk, running.started_at)
    assert found(TIMETABLE[2].id).last_success is None


def test_what_staff_asked_for_what_comes_next_and_what_alarms_are_found(admin_user):
    DjangoJob.objects.create(id=CHECK, next_run_time=at("2026-03-02T10:04"), job_state=b"")
    DjangoJob.objects.create(id=TIMETABLE[1].id, next_run_time=None, job_state=b"")
    PausedJob.objects.create(job_id=CHECK, since=at("2026-03-02T10:00"), paused_by=admin_user)
    JobRequest.objects.create(job_id=CHECK, kind="run", asked_at=at("2026-03-02T10:02"), asked_by=admin_user)
    JobRequest.objects.create(job_id=CHECK, kind="pause", asked_at=at("2026-03-02"), done_at=at("2026-03-02"))
    JobRhythm.objects.create(job_id=CHECK, cron="* * * * *", since=at("2026-03-02T09:00"))
    Alarm.objects.create(key="over", text="Over", began_at=at("2026-03-01"), ended_at=at("2026-03-02"))
    Alarm.objects.create(key="open", text="Something", began_at=at("2026-03-01"))
    job = found()
    assert (job.paused.row, job.next_run) == (admin_user.pk, None)
    PausedJob.objects.all().delete()
    assert (found().paused, found().next_run) == (None, at("2026-03-02T10:04"))
    assert [waiting.text for waiting in job.waiting] == ["run"]
    assert found(TIMETABLE[1].id).next_run is None
    assert [alarm.text for alarm in status.current(TIMETABLE, at("2026-03-02T10:03")).alarms] == ["Something"]


def test_the_installation_is_as_old_as_its_tables():
    status_now = status.current(TIMETABLE, at("2026-03-02"))
    assert status_now.is_starting  # the tables were made after that
    assert status.current(TIMETABLE, at("2199-01-01")).is_stale


def test_the_state_of_a_stored_job_is_not_fetched(django_assert_num_queries):
    with django_assert_num_queries(1) as queries:
        status.current(TIMETABLE, at("2026-03-02"))
    assert "job_state" not in queries.captured_queries[0]["sql"]


def test_a_long_history_is_not_read_even_when_it_is_all_of_one_job():
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO utils_jobrun (job_id, slot, asked, instance, started_at, ended_at, result, error)"
            " SELECT %s, slot, false, 'host-1', slot, slot, (ARRAY['failed', 'succeeded'])[number %% 2 + 1],"
            " '' FROM generate_series(1, 18000) number, LATERAL (SELECT '2026-01-01'::timestamptz + number * interval"
            " '1 minute') slots (slot)",
            [CHECK],
        )
        add_run(TIMETABLE[4].id, "2025-12-29T00:00")
        cursor.execute("ANALYZE utils_jobrun")
        jobs = [job.id for job in TIMETABLE]
        plans = [plan_of(cursor, facts.KNOWN, [jobs]), plan_of(cursor, facts.RECENT, [jobs, 30])]
    for plan, most in zip(plans, (len(TIMETABLE), 30 + len(TIMETABLE)), strict=True):
        scans = list(scans_of("utils_jobrun", plan))
        assert {scan["Node Type"] for scan in scans} == {"Index Scan"}
        read = sum(
            (scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0)) * scan["Actual Loops"] for scan in scans
        )
        assert 1 < read <= most


def plan_of(cursor, query, values):
    cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {query}", values)
    return cursor.fetchone()[0][0]["Plan"]


def scans_of(table, plan):
    if plan.get("Relation Name") == table:
        yield plan
    for part in plan.get("Plans", []):
        yield from scans_of(table, part)
