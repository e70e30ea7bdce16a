"""The timetable: every job, its id, its name and its rhythm; and what of the business alarms.

The rhythms are cron expressions from the environment, in ``TIME_ZONE``; for production run the
expiry check hourly with ``EXPIRY_CHECK_CRON="0 * * * *"``.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.utils import timezone

from billing.services import billing_run, books, change_run, print_orders, reminders, sweep, sweep_runs, troubles
from billing.services.imports import files as imported
from billing.services.network import delivery, findings, reconcile, session_history, summary, usage
from billing.services.reports import counting
from utils import cron, programs
from utils.alarms import conditions, following
from utils.scheduler import history, stopping
from utils.scheduler.jobs import Job

logger = logging.getLogger(__name__)

LONGEST_DELIVERY = 60.0  # seconds, should the rhythm be slower; the next run goes on


class PrintingFailed(Exception):
    """The process that makes PDF files ended before it should."""


class ImportingFailed(Exception):
    """The process that imports files ended before it should."""


def check_and_disable_expired_subscriptions() -> int:
    """Disable subscriptions with unpaid bills past their expiry date; how many."""
    result = sweep.disable_due(now=timezone.now(), limit=settings.SWEEP_BATCH_SIZE)
    if result.held:
        logger.warning("%s. It waits for staff", troubles.held(result.held))
    elif not result.disabled and not result.set_aside:
        logger.info("No expired subscriptions found")
    return len(result.disabled)


def apply_scheduled_changes() -> int:
    """Make the changes of subscriptions happen whose day has come; how many did."""
    run = change_run.apply_due(now=timezone.now())
    if run.applied or run.failed or run.ended or run.not_ended:
        logger.info(run.summary)
    return run.applied + run.ended


def record_reminders() -> int:
    """Record which customers are to be reminded of which bills; how many reminders."""
    if count := reminders.record(now=timezone.now()):
        logger.info("%d reminders recorded", count)
    return count


def generate_bills() -> int:
    """Charge the fees on overdue bills, then issue the bill of every period that is due; how many bills."""
    run = billing_run.generate(now=timezone.now(), limit=settings.BILLING_BATCH_SIZE)
    logger.info(run.summary)
    return run.bills


def delete_old_job_executions() -> int:
    """Delete what is older than JOB_HISTORY_DAYS: the records of runs, alarms and expiry checks that cut nobody, what
    was printed, the rows of files that were imported, what differed in the network and is resolved; sign-ins
    older than SIGN_IN_LOG_DAYS, sessions older than SESSION_HISTORY_DAYS and use older than USAGE_HISTORY_DAYS; how
    many."""
    before = timezone.now() - timedelta(days=settings.JOB_HISTORY_DAYS)
    following.forget(before=before)
    sign_ins: int = AxesProxyHandler.reset_logs(age_days=settings.SIGN_IN_LOG_DAYS)
    forgotten = sign_ins + sweep_runs.delete_idle(before=before) + print_orders.forget(before=before)
    forgotten += imported.forget(before=before) + findings.forget(before=before)
    forgotten += len(session_history.keep(timezone.now())) + usage.forget(now=timezone.now())
    return history.delete_old([job.id for job in TIMETABLE], before=before) + forgotten


def print_documents() -> None:
    """Carry out what staff ordered to be printed.

    In a process of its own, because making PDF takes a processor and native libraries, and neither may slow
    or end the process that disables and restores. It ends by itself before a stop would wait in vain for it.
    """
    if not print_orders.is_anything_waiting():
        return
    if code := programs.run("print_documents", stopping.asked()):
        raise PrintingFailed(f"Printing ended with code {code}; the lines of the log before this tell why.")


def import_files() -> None:
    """Check and import the files that staff brought in; as printing, in a process of its own that ends by itself."""
    if imported.is_anything_waiting() and (code := programs.run("import_files", stopping.asked())):
        raise ImportingFailed(f"Importing ended with code {code}; the lines of the log before this tell why.")


def deliver_network() -> int:
    """Bring what changed to the routers, until the next run takes over; how many subscriptions were done."""
    now = timezone.now()
    next_slot = cron.parse(settings.DELIVERY_CRON, settings.TIME_ZONE).get_next_fire_time(None, now)
    seconds = min((next_slot - now).total_seconds(), LONGEST_DELIVERY)
    return delivery.deliver(stop=stopping.asked(), seconds=seconds, clock=timezone.now)


def reconcile_network() -> int:
    """Compare the sessions and routers with what is wanted, and repair them; how much was wrong."""
    found = reconcile.reconcile(now=timezone.now())
    if found.total:
        logger.info("Network: %s", found)
    return found.total


def count_usage() -> int:
    """Count what was used of plans with a quota, and act on what is used up or begins anew; how many subscriptions."""
    run = usage.count(now=timezone.now())
    if run.counted or run.skipped or run.set_aside:
        logger.info(
            "Use of %d subscriptions counted: %d blocked, %d unblocked, %d left to the next run, %d set aside",
            run.counted,
            run.opened,
            run.closed,
            run.skipped,
            len(run.set_aside),
        )
    return run.counted


def count_figures() -> int:
    """Count what the first page and the reports show, in the first run of a day from all bills; how many figures."""
    return counting.refresh(now=timezone.now())


def verify_books() -> int:
    """Recompute the books from raw rows; how many rows. On a difference the job fails, which is an alarm."""
    results = books.verify(now=timezone.now())
    books.require(results)
    rows = sum(result.rows for result in results)
    logger.info("The books are right: %d checks, %d rows", len(results), rows)
    return rows


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
        id="print_documents",
        name="Print what staff ordered",
        function=print_documents,
        cron=settings.PRINTING_CRON,
    ),
    Job(
        id="import_files",
        name="Import files that staff brought in",
        function=import_files,
        cron=settings.IMPORT_CRON,
    ),
    Job(
        id="deliver_network",
        name="Bring changes to the routers",
        function=deliver_network,
        cron=settings.DELIVERY_CRON,
    ),
    Job(
        id="reconcile_network",
        name="Compare the network with what is wanted",
        function=reconcile_network,
        cron=settings.RECONCILE_CRON,
    ),
    Job(
        id="count_usage",
        name="Count what is used of quotas",
        function=count_usage,
        cron=settings.USAGE_CRON,
        limit=timedelta(minutes=30),
    ),
    Job(
        id="count_figures",
        name="Count the figures of reports",
        function=count_figures,
        cron=settings.FIGURES_CRON,
        limit=timedelta(hours=2),
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
    "not-applied": summary.not_applied,
    "router": summary.silent_routers,
}
