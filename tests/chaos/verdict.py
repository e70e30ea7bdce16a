"""What has to be true after the chaos and a quiet minute."""

from __future__ import annotations

import re
import subprocess
import time
from collections.abc import Iterator
from typing import NamedTuple

from tests.chaos import timeline
from tests.chaos.stage import Stage
from tests.chaos.timeline import Line
from tests.database_places import query

QUIET = 60.0  # seconds

# From raw rows alone: what is owed of bills whose last day has passed, apart from what the application derives.
ACCESS = """
    WITH overdue AS (
        SELECT DISTINCT customer_id FROM billing_bill bill
        WHERE status IN ('open', 'paid') AND due_on < (now() AT TIME ZONE 'UTC')::date
            AND total > (SELECT coalesce(sum(amount), 0) FROM billing_allocation WHERE bill_id = bill.id)
    )
    SELECT json_build_object('all', count(*),
        'paid and off', count(*) FILTER (WHERE overdue.customer_id IS NULL AND NOT is_on),
        'overdue', count(overdue.customer_id),
        'overdue and on', count(*) FILTER (WHERE overdue.customer_id IS NOT NULL AND is_on))
    FROM billing_accessstate state
    JOIN billing_subscription subscription ON subscription.id = state.subscription_id
    LEFT JOIN overdue ON overdue.customer_id = subscription.customer_id
"""
CUT_OFF = """
    SELECT json_agg(json_build_array(job_id, extract(epoch FROM slot))) FROM utils_jobrun WHERE result = 'interrupted'
"""
RUNNING = "SELECT count(*) FROM utils_jobrun WHERE result = 'running' AND started_at < now() - interval '1 minute'"
HISTORIES = "from tests.concurrency.windows import broken_histories; print(broken_histories())"
PAID_AT_THE_DESK = "SELECT count(DISTINCT request_key) FROM billing_payment WHERE received_by_id IS NOT NULL"
JOBS = "SELECT json_agg(id) FROM django_apscheduler_djangojob"


class Finding(NamedTuple):
    """Something that was looked at, whether it is as it must be, and the figures."""

    name: str
    is_right: bool
    told: str


def findings(stage: Stage, quiet_since: float) -> Iterator[Finding]:
    lines, now = timeline.read(stage.record), time.time()
    jobs = query(stage.cluster.url, JOBS)
    yield _doubled(stage, lines)
    yield _lost(stage, lines, jobs, now)
    yield _in_time(lines, jobs, quiet_since + QUIET / 2, now)
    yield from _access(stage)
    yield _payments(stage)
    yield _books(stage)
    histories = stage.manage("shell", "-c", HISTORIES).strip()
    yield Finding("every change of access follows from the one before", histories == "[]", histories)
    running = query(stage.cluster.url, RUNNING)
    yield Finding("no run is left open", not running, f"{running} open")


def _doubled(stage: Stage, lines: list[Line]) -> Finding:
    """A slot begins again only when its run was cut off."""
    cut_off = {(job, float(slot)) for job, slot in query(stage.cluster.url, CUT_OFF) or []}
    slots = timeline.begun(lines)
    again = {(job, slot) for job, found in slots.items() for slot, times in found.items() if times > 1}
    runs = sum(found.total() for found in slots.values())
    told = f"{runs:,} runs, {len(again & cut_off)} begun again after they were cut off, {len(again - cut_off)} doubled"
    return Finding("no slot doubled", again <= cut_off, told)


def _lost(stage: Stage, lines: list[Line], jobs: list[str], now: float) -> Finding:
    windows = stage.timeline.calm(now)
    missing = timeline.lost(lines, windows, jobs)
    looked_at = sum(len(timeline.expected(windows, job)) for job in jobs)
    named = ", ".join(f"{job} of {time.strftime('%H:%M:%S', time.gmtime(slot))}" for job, slot in missing[:9])
    told = f"{looked_at:,} slots under {len(windows)} leaders, {len(missing)} lost {named}"
    return Finding("no slot lost beyond those that a later one stands for", not missing and looked_at > 0, told)


def _in_time(lines: list[Line], jobs: list[str], since: float, now: float) -> Finding:
    """In the second half of the quiet time every slot ran, and in time."""
    missing = timeline.lost(lines, [(since, now)], jobs)
    late = [line.at - line.slot for line in lines if line.what == "began" and line.slot > since]
    most = max(late, default=0.0)
    told = f"{len(late)} runs, the latest {1000 * most:.0f} ms after its slot, {len(missing)} missing"
    return Finding("all is in time again", bool(late) and not missing and most < timeline.TOLERANCE, told)


def _access(stage: Stage) -> Iterator[Finding]:
    found = query(stage.cluster.url, ACCESS)
    for name, figure in (
        ("no paid subscriber without access", "paid and off"),
        ("no overdue subscriber with access", "overdue and on"),
    ):
        told = f"{found['all']:,} subscriptions, {found['overdue']:,} overdue; {figure}: {found[figure]}"
        yield Finding(name, found[figure] == 0 < found["overdue"] < found["all"], told)


def _payments(stage: Stage) -> Finding:
    """The last one may be there without an answer, because the cashier went home."""
    answered = int(re.search(r"(\d+) payments at the desk", stage.people[1].last_line)[1])
    there = query(stage.cluster.url, PAID_AT_THE_DESK)
    return Finding("every payment that was answered is there, once", there - answered in (0, 1), f"{answered}, {there}")


def _books(stage: Stage) -> Finding:
    try:
        return Finding("the books are right", True, stage.manage("verify_books").strip().splitlines()[-1])
    except subprocess.CalledProcessError as error:
        return Finding("the books are right", False, error.stdout)
