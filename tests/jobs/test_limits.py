"""No session of the scheduler waits without a limit, and none lives longer than it is used."""

from datetime import timedelta

from django.db import connection

from tests.jobs.notes import at_best, until
from tests.jobs.processes import leave_cut_off_run
from utils.background_tasks import TIMETABLE
from utils.models import JobRun
from utils.scheduler import sessions

YEARLY = "0 0 1 1 *"  # so that it runs once, for the run that was cut off
SHOWN = (
    "INSERT INTO notes (job, what) SELECT name, setting FROM pg_settings WHERE name IN"
    " ('statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout')"
)


def test_a_run_has_the_limits_of_its_job_and_the_next_one_others(program, notes):
    for name in ("short", "long"):
        leave_cut_off_run(name)
    jobs = [{"id": name, "cron": YEARLY, "does": f"query {SHOWN}"} for name in ("short", "long")]
    program(jobs[0] | {"limit": 4}, jobs[1] | {"limit": 7200})
    until(lambda: JobRun.objects.filter(result="succeeded").count() >= 2)
    with connection.cursor() as cursor:
        cursor.execute("SELECT job, array_agg(what ORDER BY what::int) FROM notes WHERE job LIKE '%timeout' GROUP BY 1")
        assert dict(cursor.fetchall()) == {
            "statement_timeout": ["2000", "3600000"],
            "lock_timeout": ["2000", "5000"],
            "idle_in_transaction_session_timeout": ["60000", "60000"],
        }


def test_f20_a_statement_that_hangs_fails_and_the_process_goes_on(program, notes):
    leave_cut_off_run("slow")
    process = program({"id": "slow", "cron": YEARLY, "does": "query SELECT pg_sleep(60)", "limit": 10})
    process.wait_for('Job "slow" failed')
    failed = until(lambda: JobRun.objects.filter(job_id="slow", result="failed").first())
    assert "statement timeout" in failed.error
    assert failed.ended_at - failed.started_at < timedelta(seconds=10), "the process would have to end"


def test_the_limits_of_the_timetable_suit_a_million_subscribers():
    """Verifying the books of a million takes minutes, as does billing them; 60 s for a statement were too few."""
    limits = {job.id: sessions.limits_of(job).statement for job in TIMETABLE}
    assert limits["verify_books"] >= timedelta(minutes=30)
    assert limits["generate_bills"] >= timedelta(minutes=30)


def test_sessions_are_closed_after_each_run_and_few_are_open(program, notes):
    program(*({"id": f"job{number}", "every": 2} for number in range(8)))
    notes.wait_for("job0", 2)

    def open_sessions():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT application_name FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            return sorted(row[0] for row in cursor.fetchall())

    until(lambda: open_sessions() == ["isp-billing", "isp-billing-scheduler"], what="the sessions of runs being closed")


def test_a_job_begins_with_its_slot(program, notes):
    """Less than 50 ms on an idle machine; here other tests may run beside it."""
    program({"id": "tick", "every": 1}, timers="production")

    def median_lateness():
        notes.wait_for("tick", 8)
        late = sorted((run.started_at - run.slot).total_seconds() for run in JobRun.objects.order_by("-pk")[:8])
        print(f"lateness from {late[0] * 1000:.0f} to {late[-1] * 1000:.0f} ms")
        return late[len(late) // 2]

    assert at_best(median_lateness, 0.25) < 0.25
