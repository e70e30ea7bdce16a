"""When the expiry check ran, by the database and by the log, and waiting for it to run."""

import time
from collections import Counter
from datetime import UTC, datetime, timedelta

from tests.e2e.engine.paper import EXPIRY_JOB
from tests.e2e.engine.stack import Stack, poll

MINUTE = timedelta(minutes=1)
A_TICK = 75  # seconds within which a job of every minute has run
BEGUN = f'Running job "{EXPIRY_JOB}"'
RECORDED = """
    SELECT to_char(run_time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI') FROM django_apscheduler_djangojobexecution
    WHERE job_id = 'check_expired_subscriptions' AND status = 'Executed' ORDER BY 1
"""
LEADER = "SELECT name FROM utils_instance WHERE role = 'leader' ORDER BY seen_at DESC LIMIT 1"


def leader(stack: Stack) -> str:
    """The scheduler that acts, by the name that it gave itself."""
    return stack.sql(LEADER)[0]


def host_of(instance: str) -> str:
    """The container of a scheduler."""
    return instance.split("-", maxsplit=1)[0]


def recorded(stack: Stack) -> list[datetime]:
    """The minutes for which the database has a finished execution, with duplicates."""
    return [datetime.fromisoformat(f"{minute}:00+00:00") for minute in stack.sql(RECORDED)]


def logged(stack: Stack) -> list[datetime]:
    """The minutes in which the scheduler printed that it runs the check, with duplicates."""
    return [at.replace(second=0) for at, text in stack.log("scheduler") if BEGUN in text]


def assert_once_a_minute(minutes: list[datetime]) -> None:
    assert minutes, "the job never ran"
    steps = round((minutes[-1] - minutes[0]) / MINUTE)
    assert Counter(minutes) == Counter(minutes[0] + MINUTE * step for step in range(steps + 1))


def wait_for_more(stack: Stack, count: int) -> None:
    """Wait until ``count`` more runs have finished."""
    seen = len(recorded(stack))
    poll(lambda: len(recorded(stack)) >= seen + count, seconds=A_TICK * count, what=f"{count} more runs")


def wait_for_second(second: int) -> None:
    """Wait for the next moment at which the clock shows ``second``."""
    time.sleep((second - datetime.now(UTC).timestamp() % 60) % 60)
