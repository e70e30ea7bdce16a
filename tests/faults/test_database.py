"""PostgreSQL is restarted, crashes, is away or frozen, or a row of the job tables is locked: the jobs go on after it.

What a job wrote is counted in a table of the tests, not in what the scheduler records of itself.
"""

import random
import signal
import time
from collections import Counter
from contextlib import contextmanager

import pytest

from tests.database_places import connect, query
from tests.faults.gaps import longest_gap
from tests.jobs.notes import until

TICK = {"id": "tick", "every": 1}
OTHER = {"id": "other", "every": 2}
FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT


@pytest.mark.parametrize("how", [FAST, IMMEDIATE])
def test_f6_after_a_restart_between_two_runs_the_jobs_go_on_within_seconds(cluster, service, notes, how):
    service(TICK, OTHER)
    notes.wait_for("tick", 2)
    cluster.restart(how)
    notes.wait_for("tick", 3)
    print(f"longest gap: {longest_gap(notes.times('tick')):.1f} s")
    assert notes.doubled("tick") == {}
    assert notes.doubled("other") == {}


def test_f6_with_a_standby_one_of_the_two_goes_on(cluster, service, notes):
    both = [service(TICK), service(TICK)]
    notes.wait_for("tick", 2)
    cluster.restart(FAST)
    notes.wait_for("tick", 4)
    assert notes.doubled("tick") == {}
    assert all(set(one.codes) <= {75} for one in both), [one.output for one in both]


def test_f7_what_was_missed_while_the_database_was_away_is_caught_up_once_as_soon_as_it_is_back(
    cluster, service, notes
):
    running = service(TICK | {"every": 2})
    notes.wait_for("tick", 2)
    with cluster.stopped(FAST):
        until(lambda: "Waiting: The database does not answer" in running.output, what="the wait for the database")
        time.sleep(5)  # long enough for two slots to pass
    back = time.time()
    times = notes.wait_for("tick", 3)
    later = [at.timestamp() for at in times if at.timestamp() > back - 1]
    print(f"first run after the database was back: {later[0] - back:.1f} s")
    assert notes.doubled("tick") == {}, "one run stands for all that were missed, at its place in the rhythm"


def test_f8_a_run_that_the_database_cut_off_is_closed_and_the_job_runs_again(cluster, service, notes, database):
    service({"id": "slow", "every": 3, "does": "query SELECT pg_sleep(2)"})
    notes.wait_for("slow")
    cluster.restart(IMMEDIATE)
    notes.wait_for("slow", what="ended")
    results = "SELECT string_agg(result, ' ' ORDER BY id) FROM (SELECT * FROM utils_jobrun ORDER BY id LIMIT 2) AS run"
    assert query(database, results) == "interrupted succeeded"
    ended = notes.times("slow", "ended")[0]
    assert sum(began < ended for began in notes.times("slow")) == 2


@pytest.mark.heavy
@pytest.mark.timeout(600)
def test_f8_after_20_crashes_of_the_database_at_random_moments_nothing_is_doubled(cluster, service, notes):
    seed = random.randrange(2**32)
    rng = random.Random(seed)
    running = service(TICK, {"id": "slow", "every": 2, "does": "query SELECT pg_sleep(0.5)"})
    for _ in range(20):
        notes.wait_for("tick", 1)
        time.sleep(rng.uniform(0, 1))
        cluster.restart(IMMEDIATE)
    notes.wait_for("tick", 5)
    print(f"seed {seed}: 20 crashes, {len(notes.times('tick'))} runs, exits {Counter(running.codes)}")
    assert notes.doubled("tick") == {}
    assert longest_gap(notes.times("tick")[-4:]) < 2


@contextmanager
def locked(database, statement):
    blocker = connect(database)
    try:
        with blocker.cursor() as cursor:
            cursor.execute(statement)
            yield
    finally:
        blocker.close()


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT FROM django_apscheduler_djangojob FOR UPDATE",
        "LOCK TABLE django_apscheduler_djangojob, django_apscheduler_djangojobexecution IN ACCESS EXCLUSIVE MODE",
    ],
    ids=["rows", "tables"],
)
def test_f9_while_the_job_tables_are_locked_every_slot_runs(program, notes, database, statement):
    running = program(TICK)
    notes.wait_for("tick", 1)
    with locked(database, statement):
        running.wait_for("The job tables cannot be written and follow later")
        notes.wait_until_steady("tick")
    shown = "SELECT count(*) FROM django_apscheduler_djangojobexecution WHERE status = 'Executed'"
    until(lambda: query(database, shown) >= 5, what="the end of the tables' delay")


def test_f9_a_lock_on_the_ledger_delays_the_runs_and_ends_nothing(program, notes, database):
    running = program(TICK)
    notes.wait_for("tick", 1)
    with locked(database, "LOCK TABLE utils_jobrun IN ACCESS EXCLUSIVE MODE"):
        running.wait_for('Job "tick" cannot begin yet|The end of job "tick" cannot be recorded yet')
    notes.wait_for("tick", 2)
    assert notes.doubled("tick") == {}
    running.signal(signal.SIGTERM)
    assert running.end() == 0


@pytest.mark.heavy
def test_f10_a_frozen_database_ends_the_process_which_waits_for_it_and_goes_on(cluster, service, notes):
    running = service(TICK, timers={"silence": 7})  # longer than the wait for a connection
    notes.wait_for("tick", 2)
    with cluster.frozen():
        until(lambda: running.codes, what="the end of the process")
        until(lambda: "Waiting: The database does not answer" in running.output, what="the wait for the database")
    notes.wait_for("tick", 3)
    assert set(running.codes) <= {70, 75}
    assert notes.doubled("tick") == {}


def test_f20_a_job_that_hangs_on_a_frozen_database_is_ended_at_its_limit_with_its_stack(cluster, service, notes):
    """Everything else may take long; so it is the limit of the job that ends the process."""
    patient = {"silence": 60, "lease": 60, "ping": 60}
    running = service({"id": "slow", "every": 2, "does": "query SELECT pg_sleep(2)", "limit": 6}, timers=patient)
    notes.wait_for("slow")
    with cluster.frozen():
        until(lambda: running.codes, what="the end of the process")
    assert running.codes == [70]
    assert "CRITICAL: Watchdog: job slow runs for longer than 6 s" in running.output
    assert "tests/jobs/program.py" in running.output, "the stack shows where it hung"
    notes.wait_for("slow", what="ended")
