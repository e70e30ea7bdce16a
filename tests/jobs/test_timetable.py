"""The timetable, its cron expressions, and what keeps schedulers out of the web."""

import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
from axes.models import AccessLog
from django.utils import timezone
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from billing.models import AccessState, ScheduledChange, SweepRun
from billing.services import books, change_run, endings
from tests.builders import make_overdue_subscription, make_plan, make_subscription
from tests.jobs.processes import ROOT, database_url
from utils import cron
from utils.background_tasks import (
    TIMETABLE,
    apply_scheduled_changes,
    delete_old_job_executions,
    generate_bills,
    verify_books,
)
from utils.scheduler import run_job, slots
from utils.scheduler.jobs import JobError


def next_run(expression, after, zone="UTC"):
    return cron.parse(expression, zone).get_next_fire_time(None, datetime.fromisoformat(after).replace(tzinfo=UTC))


def test_the_timetable_holds_the_jobs_by_id_name_and_function():
    assert [(job.id, job.name, job.function.__name__, job.cron) for job in TIMETABLE] == [
        (
            "check_expired_subscriptions",
            "Check and disable expired subscriptions",
            "check_and_disable_expired_subscriptions",
            "* * * * *",
        ),
        ("apply_scheduled_changes", "Apply scheduled changes", "apply_scheduled_changes", "0 * * * *"),
        ("record_reminders", "Record reminders of bills", "record_reminders", "0 8 * * *"),
        ("generate_bills", "Generate bills for due periods", "generate_bills", "5 0 * * *"),
        ("delete_old_job_executions", "Delete old job executions", "delete_old_job_executions", "0 0 * * mon"),
        ("print_documents", "Print what staff ordered", "print_documents", "* * * * *"),
        ("import_files", "Import files that staff brought in", "import_files", "* * * * *"),
        ("deliver_network", "Bring changes to the routers", "deliver_network", "* * * * *"),
        ("reconcile_network", "Compare the network with what is wanted", "reconcile_network", "* * * * *"),
        ("count_usage", "Count what is used of quotas", "count_usage", "*/5 * * * *"),
        ("count_figures", "Count the figures of reports", "count_figures", "*/10 * * * *"),
        ("verify_books", "Verify the books", "verify_books", "30 3 * * *"),
    ]


@pytest.mark.parametrize(
    ("expression", "after", "expected"),
    [
        ("* * * * *", "2026-03-02T10:00:30", "2026-03-02T10:01"),
        ("0 * * * *", "2026-03-02T10:00:30", "2026-03-02T11:00"),
        ("0 0 * * mon", "2026-03-03", "2026-03-09"),
        ("0 0 * * 1", "2026-03-03", "2026-03-09"),  # 1 is Monday, as in cron; APScheduler alone would take Tuesday
        ("0 0 * * 0", "2026-03-03", "2026-03-08"),
        ("0 0 * * 7", "2026-03-03", "2026-03-08"),
        ("0 0 * * 1-5", "2026-03-07", "2026-03-09"),
        ("*/15 * * * */2", "2026-03-02T10:01", "2026-03-02T10:15"),
    ],
)
def test_cron_expressions_mean_what_operators_expect(expression, after, expected):
    assert next_run(expression, after) == datetime.fromisoformat(expected).replace(tzinfo=UTC)


def test_a_schedule_is_in_the_installations_zone():
    assert next_run("0 0 * * *", "2026-03-02T10:00", "Asia/Dhaka") == datetime(2026, 3, 2, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    "expression", ["", "* * * *", "* * * * * *", "61 * * * *", "a b c d e", "0 0 * * 8", "0 0 * * 9-x"]
)
def test_a_malformed_cron_is_refused_with_the_form(expression):
    with pytest.raises(ValueError, match="minute hour day month weekday"):
        cron.parse(expression, "UTC")


def test_hourly_runs_survive_both_clock_changes():
    """APScheduler before 3.11.3 stopped or repeated runs here."""
    trigger = cron.parse("0 * * * *", "Europe/Rome")
    for start in (datetime(2026, 3, 28, 20, tzinfo=UTC), datetime(2026, 10, 24, 20, tzinfo=UTC)):
        moment, runs = start, []
        for _ in range(10):
            moment = trigger.get_next_fire_time(moment, moment.astimezone(UTC) + timedelta(seconds=1))
            runs.append(moment.astimezone(UTC))
        assert runs == [start + timedelta(hours=n) for n in range(1, 11)]


@pytest.mark.parametrize(
    ("expression", "stored", "expected"),
    [
        ("* * * * *", "2026-03-02T09:50", "2026-03-02T09:50"),  # missed minutes: kept, caught up once
        ("* * * * *", "2025-01-01T00:00", "2026-03-01T10:00"),  # a year: one place within the last day stands for all
        ("0 0 * * mon", "2026-02-09T00:00", "2026-03-02T00:00"),  # Monday was today
        ("0 0 * * wed", "2026-02-11T00:00", "2026-02-11T00:00"),  # none within a day: the missed one is kept
        ("* * * * *", "2026-03-02T10:01", "2026-03-02T10:01"),  # not due yet
    ],
)
def test_a_missed_run_is_caught_up_at_its_place_in_the_rhythm(expression, stored, expected):
    trigger = cron.parse(expression, "UTC")
    past = slots.Past(stored=datetime.fromisoformat(stored).replace(tzinfo=UTC))
    found = slots.first_due(trigger, past, datetime(2026, 3, 2, 10, tzinfo=UTC))
    assert found == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.django_db
def test_old_executions_are_deleted_and_newer_ones_stay(settings):
    settings.JOB_HISTORY_DAYS = 7
    job = DjangoJob.objects.create(id="x", job_state=b"")
    for days in (8, 6):
        DjangoJobExecution.objects.create(
            job=job, run_time=timezone.now() - timedelta(days=days), status=DjangoJobExecution.SUCCESS
        )
    delete_old_job_executions()
    assert DjangoJobExecution.objects.count() == 1


@pytest.mark.django_db
def test_old_expiry_checks_that_cut_nobody_are_deleted_and_the_others_stay(settings):
    settings.JOB_HISTORY_DAYS = 7
    old, new = timezone.now() - timedelta(days=8), timezone.now() - timedelta(days=6)
    SweepRun.objects.create(as_of=old, set_aside=1)
    kept = [
        SweepRun.objects.create(as_of=old, disabled=1),
        SweepRun.objects.create(as_of=old, status="lapsed", active=60),
        SweepRun.objects.create(as_of=new),
    ]
    delete_old_job_executions()
    assert list(SweepRun.objects.order_by("pk")) == kept


@pytest.mark.django_db
def test_the_books_are_verified_in_one_line_and_a_difference_fails_the_job(caplog):
    caplog.set_level("INFO", "utils.background_tasks")
    subscription = make_overdue_subscription()
    verify_books()
    assert re.fullmatch(r"The books are right: \d+ checks, \d+ rows", caplog.messages[-1])
    AccessState.objects.filter(pk=subscription.pk).update(cut_off_at=None)
    told = f"access: cut off when the first unpaid bill says so: subscription {subscription.pk}"
    with pytest.raises(books.BooksDiffer, match=f"The books differ from the raw rows. {told}"):
        verify_books()


@pytest.mark.django_db(transaction=True)
def test_the_billing_run_says_what_it_did_and_charges_late_fees_before(settings, caplog):
    settings.LATE_FEE = "5.00"
    make_overdue_subscription(days=40, plan=make_plan(bills_while_unpaid=True))
    with caplog.at_level("INFO", "utils.background_tasks"):
        generate_bills()
    assert caplog.messages == ["1 late fee charged, 5.00 USD in all; 1 bill issued, 25.00 USD in all"]


@pytest.mark.django_db(transaction=True)
def test_scheduled_changes_happen_on_their_day_and_one_that_fails_is_named(monkeypatch, caplog):
    yesterday = timezone.now() - timedelta(days=1)
    for _ in range(2):
        endings.end(subscription=make_subscription(), on=timezone.localdate(), now=yesterday)
    good, bad = ScheduledChange.objects.order_by("pk")
    ScheduledChange.objects.filter(pk=bad.pk).update(kind="plan", plan=make_plan())
    monkeypatch.setitem(change_run._HANDLERS, "plan", lambda change, now: 1 / 0)
    with caplog.at_level("INFO"):
        apply_scheduled_changes()
        apply_scheduled_changes()
    good.refresh_from_db()
    assert good.status == ScheduledChange.Status.DONE
    assert caplog.messages == [
        f"Scheduled change {bad.pk} failed: division by zero",
        "1 scheduled change applied, 1 failed",
    ]


def test_a_stored_job_does_not_run_outside_the_scheduler_process():
    with pytest.raises(JobError, match="run_scheduler.py"):
        run_job("check_expired_subscriptions")


@pytest.mark.django_db
def test_f2_the_web_application_starts_no_scheduler_and_does_not_even_load_one():
    code = (
        "import sys, threading; from isp_billing.wsgi import application; from django.urls import get_resolver; "
        "print(len(get_resolver().url_patterns) > 2, [t.name for t in threading.enumerate()], "
        "[name for name in ('runner', 'loop', 'term', 'supervisor') if f'utils.scheduler.{name}' in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env={"DATABASE_URL": database_url(), "DEMO": "1", "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.strip() == "True ['MainThread'] []"


@pytest.mark.django_db
def test_the_log_of_sign_ins_is_kept_for_the_days_of_its_setting(settings):
    settings.SIGN_IN_LOG_DAYS = 30
    for days in (29, 31):
        entry = AccessLog.objects.create(username=f"{days} days ago", ip_address="192.0.2.7")
        AccessLog.objects.filter(pk=entry.pk).update(attempt_time=timezone.now() - timedelta(days=days))
    delete_old_job_executions()
    assert [entry.username for entry in AccessLog.objects.all()] == ["29 days ago"]
