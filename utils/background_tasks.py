"""The timetable: every job, its id, its name and its rhythm; and what of the business alarms.

The rhythms are cron expressions from the environment, in ``TIME_ZONE``; for production run the
expiry check hourly with ``EXPIRY_CHECK_CRON="0 * * * *"``.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django_apscheduler.models import DjangoJobExecution

from billing.services import billing_run, books, change_run, reminders, sweep, sweep_runs, troubles
from utils.alarms import conditions, following
from utils.scheduler.jobs import Job

logger = logging.getLogger(__name__)

SECONDS_A_DAY = 86_400


def check_and_disable_expired_subscriptions() -> None:
    """Disable subscriptions with unpaid bills past their expiry date."""
    result = sweep.disable_due(now=timezone.now(), limit=settings.SWEEP_BATCH_SIZE)
    if result.held:
        logger.warning("%s. It waits for staff", troubles.held(result.held))
    elif not result.disabled and not result.set_aside:
        logger.info("No expired subscriptions found")


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
    """Delete the records of executions, of alarms and of expiry checks that cut nobody, older than JOB_HISTORY_DAYS."""
    DjangoJobExecution.objects.delete_old_job_executions(settings.JOB_HISTORY_DAYS * SECONDS_A_DAY)
    before = timezone.now() - timedelta(days=settings.JOB_HISTORY_DAYS)
    sweep_runs.delete_idle(before=before)
    following.forget(before=before)


def verify_books() -> None:
    """Recompute the books from raw rows; on a difference the job fails, which is an alarm."""
    results = books.verify(now=timezone.now())
    books.require(results)
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

# What alarms, by the kind of the alarm.
TROUBLES: dict[str, conditions.Source] = {
    "late": conditions.late(TIMETABLE),
    "failed": conditions.failed(TIMETABLE),
    "held": troubles.held_runs,
    "not-disabled": troubles.not_disabled,
    "not-billed": troubles.not_billed,
}
