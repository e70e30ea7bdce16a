"""The timetable: every job, its id, its name and its rhythm.

The rhythms are cron expressions from the environment, in ``TIME_ZONE``; for production run the
expiry check hourly with ``EXPIRY_CHECK_CRON="0 * * * *"``.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django_apscheduler.models import DjangoJobExecution

from billing.models import SweepRun
from billing.services import billing_run, books, change_run, reminders, sweep, sweep_runs
from utils.scheduler.jobs import Job

logger = logging.getLogger(__name__)

SECONDS_A_DAY = 86_400


def check_and_disable_expired_subscriptions() -> None:
    """Disable subscriptions with unpaid bills past their expiry date."""
    result = sweep.disable_due(now=timezone.now(), limit=settings.SWEEP_BATCH_SIZE)
    if result.held:
        _tell_of_held_run(result.held, is_new=result.is_newly_held)
    elif not result.disabled and not result.set_aside:
        logger.info("No expired subscriptions found")


def _tell_of_held_run(run: SweepRun, *, is_new: bool) -> None:
    text = (
        f"The circuit breaker holds {run}: {run.looked_at:,} of {run.active:,} active subscriptions would be disabled"
    )
    if is_new:
        logger.error("ALARM: %s. Nobody is disabled until staff confirm the run", text)
    else:
        logger.warning("%s. It waits for staff", text)


def apply_scheduled_changes() -> None:
    """Make the changes of subscriptions happen whose day has come."""
    run = change_run.apply_due(now=timezone.now())
    if run.applied or run.failed or run.ended or run.not_ended:
        logger.info(run.summary)


def record_reminders() -> None:
    """Record which customers are to be reminded of which bills."""
    if count := reminders.record(now=timezone.now()):
        logger.info("%d reminders recorded", count)


def generate_bills() -> None:
    """Charge the fees on overdue bills, then issue the bill of every period that is due."""
    logger.info(billing_run.generate(now=timezone.now(), limit=settings.BILLING_BATCH_SIZE).summary)


def delete_old_job_executions() -> None:
    """Delete the records of executions, and of expiry checks that cut nobody, older than JOB_HISTORY_DAYS."""
    DjangoJobExecution.objects.delete_old_job_executions(settings.JOB_HISTORY_DAYS * SECONDS_A_DAY)
    sweep_runs.delete_idle(before=timezone.now() - timedelta(days=settings.JOB_HISTORY_DAYS))


def verify_books() -> None:
    """Recompute the books from raw rows; a difference is an alarm, and the job fails."""
    results = books.verify(now=timezone.now())
    try:
        books.require(results)
    except books.BooksDiffer as differ:
        logger.error("ALARM: %s", differ)
        raise
    logger.info("The books are right: %d checks, %d rows", len(results), sum(result.rows for result in results))


TIMETABLE = (
    Job(
        id="check_expired_subscriptions",
        name="Check and disable expired subscriptions",
        function=check_and_disable_expired_subscriptions,
        cron=settings.EXPIRY_CHECK_CRON,
        limit=timedelta(minutes=30),
    ),
    Job(
        id="apply_scheduled_changes",
        name="Apply scheduled changes",
        function=apply_scheduled_changes,
        cron=settings.SCHEDULED_CHANGES_CRON,
        limit=timedelta(minutes=30),
    ),
    Job(
        id="record_reminders",
        name="Record reminders of bills",
        function=record_reminders,
        cron=settings.REMINDERS_CRON,
        limit=timedelta(minutes=30),
    ),
    Job(
        id="generate_bills",
        name="Generate bills for due periods",
        function=generate_bills,
        cron=settings.BILLING_RUN_CRON,
        limit=timedelta(hours=6),
    ),
    Job(
        id="delete_old_job_executions",
        name="Delete old job executions",
        function=delete_old_job_executions,
        cron=settings.CLEANUP_CRON,
    ),
    Job(
        id="verify_books",
        name="Verify the books",
        function=verify_books,
        cron=settings.VERIFY_BOOKS_CRON,
        limit=timedelta(hours=2),
    ),
)
