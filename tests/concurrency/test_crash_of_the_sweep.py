"""The expiry sweep killed with -9 at random moments: the next run finishes it and cuts nobody twice (rules E9, T6)."""

import random
import time
from datetime import timedelta
from functools import partial

import pytest
from django.db import connection
from django.db.models import Sum

from billing.models import AccessEvent, AccessState, Block, SweepRun
from billing.services import billing_run, books, sweep
from tests import many
from tests.builders import at, make_plan
from tests.concurrency.crashes import wait_for_the_dying, was_killed_at_work
from tests.concurrency.windows import broken_histories

pytestmark = [pytest.mark.heavy, pytest.mark.django_db(transaction=True), pytest.mark.timeout(1200)]

KILLS, SUBSCRIPTIONS, CUSTOMERS, BATCH = 50, 50_000, 40_000, 100
LONGEST_LIFE = 2.0  # seconds
FIRST_DAY = at("2026-01-01T05:00")

LET_BACK_IN = """
    WITH back AS (
        UPDATE billing_accessstate SET is_on = true, version = version + 1 WHERE NOT is_on RETURNING subscription_id
    ), closed AS (
        UPDATE billing_block SET closed_at = %(now)s WHERE closed_at IS NULL
    )
    INSERT INTO billing_accessevent (subscription_id, at, change, reason, rule, was_on, is_on)
    SELECT subscription_id, %(now)s, 'unblocked', 'unpaid', 'E7', false, true FROM back
"""
CUTS = """
    SELECT count(*), array_agg(DISTINCT cuts) FROM (
        SELECT subscription_id, count(*) AS cuts FROM billing_accessevent WHERE change = 'blocked' GROUP BY 1
    ) AS history
"""


@pytest.fixture
def overdue():
    """Everybody has one bill, and nobody paid it."""
    many.subscribe_many(
        SUBSCRIPTIONS, customers=CUSTOMERS, plan=make_plan(due_days=14), starts_on=FIRST_DAY.date(), now=FIRST_DAY
    )
    analyze()
    billing_run.generate(now=FIRST_DAY, limit=2000)
    analyze()


def analyze():
    """So that PostgreSQL does not plan for the empty tables of before."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def let_everybody_back_in(now):
    with connection.cursor() as cursor:
        cursor.execute(LET_BACK_IN, {"now": now})


def cuts():
    """How many subscriptions were cut, and how often each."""
    with connection.cursor() as cursor:
        cursor.execute(CUTS)
        return cursor.fetchone()


def test_e9_after_50_kills_one_more_run_has_cut_everybody_once(overdue):
    seed, began = random.randrange(2**32), time.monotonic()
    rng, rounds, kills, now = random.Random(seed), 1, 0, FIRST_DAY + timedelta(days=20)
    while kills < KILLS:
        kills += was_killed_at_work(partial(sweep.disable_due, now=now, limit=BATCH), rng.uniform(0, LONGEST_LIFE))
        if not AccessState.objects.filter(is_on=True).exists():
            rounds, now = rounds + 1, now + timedelta(hours=1)
            let_everybody_back_in(now)
    wait_for_the_dying()
    left = AccessState.objects.filter(is_on=True).count()
    result = sweep.disable_due(now=now, limit=500)
    print(f"seed {seed}: {KILLS} kills in {rounds} sweeps of {SUBSCRIPTIONS}, {time.monotonic() - began:.0f} s")
    assert (len(result.disabled), result.set_aside, result.skipped) == (left, {}, 0)
    check_everything(rounds)


def check_everything(rounds):
    assert cuts() == (SUBSCRIPTIONS, [rounds])
    assert broken_histories() == []
    assert Block.objects.filter(closed_at=None).count() == SUBSCRIPTIONS
    assert not AccessState.objects.filter(is_on=True).exists()
    assert SweepRun.objects.aggregate(cut=Sum("disabled"))["cut"] == SUBSCRIPTIONS * rounds
    assert AccessEvent.objects.filter(change="blocked", run=None).count() == 0
    books.require(books.verify(now=FIRST_DAY + timedelta(days=30)))
