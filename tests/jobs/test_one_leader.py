"""One scheduler acts: two started, one killed, one frozen, one whose run is still in flight."""

import signal
import time

import pytest
from django.db import connection

from tests.jobs.notes import until
from tests.jobs.processes import leave_cut_off_run
from utils.models import Instance, JobRun
from utils.scheduler.sessions import LOCKS_OF_JOBS

TICK = {"id": "tick", "every": 1}
SOON_LOST = {"lease": 3}  # seconds of silence, after which a frozen leader is none any more
LEADS, STANDS_BY = "Scheduler started successfully!", "Standing by: another scheduler is the leader"


def assert_nothing_doubled(notes):
    assert notes.doubled("tick") == {}
    assert all(slot.microsecond == 0 for slot in notes.slots("tick")), "they are on the grid"


def test_f1_of_two_schedulers_on_one_database_one_runs_the_jobs(program, notes):
    first, second = program(TICK), program(TICK)
    notes.wait_for("tick", 6)
    assert_nothing_doubled(notes)
    assert len(notes.pids("tick")) == 1
    lines = sorted(process.wait_for(f"{LEADS}|{STANDS_BY}") for process in (first, second))
    assert lines == [LEADS, STANDS_BY]


def test_the_leader_and_the_standby_tell_that_they_are_well(program, notes):
    leader = program(TICK)
    leader.wait_for(LEADS)
    standby = program(TICK)
    standby.wait_for(STANDS_BY)

    def seen(pid):
        return Instance.objects.filter(name__contains=f"-{pid}-").first()

    row = until(lambda: seen(standby.pid), what="a row of the standby")
    assert (row.role, row.loop_at) == ("standby", None)
    before = until(lambda: (row := seen(leader.pid)) and row.loop_at and row, what="a turn of the leader's loop")
    assert before.role == "leader"
    until(lambda: seen(leader.pid).seen_at > before.seen_at, what="another sign of life")
    until(lambda: seen(leader.pid).loop_at > before.loop_at, what="another turn of the loop")

    standby.signal(signal.SIGTERM)
    assert standby.end() == 0
    assert seen(standby.pid) is None
    leader.kill()
    follower = program(TICK)
    follower.wait_for(LEADS)
    assert [row.name.split("-")[-2] for row in Instance.objects.all()] == [str(follower.pid)]


def test_a_frozen_leader_is_replaced_and_ends_when_it_thaws(program, notes):
    first = program(TICK, timers=SOON_LOST)
    notes.wait_for("tick", 2)
    second = program(TICK)
    second.wait_for(STANDS_BY)
    first.signal(signal.SIGSTOP)
    second.wait_for(LEADS)
    notes.wait_for("tick", 2)
    first.signal(signal.SIGCONT)
    assert first.end() == 75
    assert "The leadership is lost" in first.output
    notes.wait_for("tick", 2)
    assert_nothing_doubled(notes)


def test_what_a_frozen_leader_was_writing_is_taken_back_and_done_once(program, notes):
    """The leader freezes in the middle of a statement; when it thaws it must not go on with the run."""
    slow = {"id": "slow", "cron": "0 0 1 1 *", "does": "query SELECT pg_sleep(3)"}
    leave_cut_off_run("slow")
    first = program(slow, timers=SOON_LOST)
    notes.wait_for("slow")
    first.signal(signal.SIGSTOP)
    second = program(slow | {"does": "note"})
    second.wait_for("Ended 1 sessions in which the scheduler before still ran jobs")
    second.wait_for(LEADS)
    first.signal(signal.SIGCONT)
    assert first.end() in {70, 75}
    assert notes.times("slow", "ended") == []
    assert not JobRun.objects.filter(result="failed").exists()


def test_the_lock_of_a_job_is_free_after_its_run(program, notes):
    program(TICK | {"every": 2})
    notes.wait_for("tick", 2)

    def is_free():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
                "WHERE datname = current_database() AND locktype = 'advisory' AND classid = %s",
                [LOCKS_OF_JOBS],
            )
            return cursor.fetchone()[0] == 0

    until(is_free, what="the release of the lock")


@pytest.mark.heavy
def test_the_takeover_after_a_kill_takes_less_than_10_s_and_after_a_freeze_less_than_45_s(program, notes):
    first = program(TICK, timers="production")
    first.wait_for(LEADS)
    second = program(TICK, timers="production")
    second.wait_for(STANDS_BY)
    third = program(TICK, timers="production")
    third.wait_for(STANDS_BY)

    began = time.monotonic()
    first.signal(signal.SIGKILL)
    leader, other = until(lambda: next(((a, b) for a, b in ((second, third), (third, second)) if _leads(a)), None))
    killed = time.monotonic() - began
    assert killed < 10

    began = time.monotonic()
    leader.signal(signal.SIGSTOP)
    other.wait_for(LEADS, seconds=60)
    frozen = time.monotonic() - began
    assert frozen < 45
    notes.wait_for("tick", 2)
    leader.signal(signal.SIGCONT)
    assert leader.end() in {70, 75}
    assert_nothing_doubled(notes)
    print(f"takeover after kill -9: {killed:.1f} s, after a freeze: {frozen:.1f} s")


def _leads(process):
    return Instance.objects.filter(role="leader", name__contains=f"-{process.pid}-").exists()
