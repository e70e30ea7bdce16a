"""What is stuck ends the process with the stacks of all threads, and the restart policy heals it."""

import signal
import subprocess
import sys
import time

import pytest

from tests.jobs.notes import LONG, until
from tests.jobs.processes import ROOT, database_url, leave_cut_off_run
from utils.models import JobRun

LEADS = "Scheduler started successfully!"
TICK = {"id": "tick", "every": 1}
HUNG = {"id": "hung", "cron": "0 0 1 1 *", "does": "hang", "limit": 5}


def test_f20_a_job_that_hangs_ends_the_process_with_its_stack(program, notes):
    leave_cut_off_run("hung")
    process = program(HUNG, TICK)
    process.wait_for("Watchdog: job hung runs for longer than 5 s")
    assert process.end() == 70
    assert 'tests/jobs/program.py", line' in process.output
    assert "in act" in process.output
    assert len(notes.times("hung")) == 1


@pytest.mark.heavy
def test_f20_the_other_jobs_run_on_across_the_restarts_and_the_hung_run_is_closed(service, notes):
    hung = {"id": "hung", "every": 10, "does": "hang", "limit": 2}
    scheduler = service(hung, TICK)
    until(lambda: scheduler.codes.count(70) >= 2, seconds=120, what="two ends by the watchdog")
    ran, closed = notes.slots("tick"), JobRun.objects.filter(result="interrupted")
    assert closed.filter(job_id="hung").exists()
    again = {slot for slot, times in ran.items() if times > 1}
    assert again <= set(closed.filter(job_id="tick").values_list("slot", flat=True))
    assert len(ran) >= 3
    assert set(scheduler.codes) == {70}


def test_f13_a_thread_that_dies_ends_the_process_even_while_a_job_hangs(program, notes):
    leave_cut_off_run("hung")
    process = program(HUNG | {"limit": 600}, TICK, BREAK="loop dies")
    notes.wait_for("hung")
    process.wait_for("CRITICAL: The scheduler's thread died; this process ends so that it is started again")
    assert process.end() == 70


@pytest.mark.parametrize(
    ("broken", "line"),
    [
        ("loop stuck", "the loop is stuck"),
        ("loop fails", "the loop is stuck"),
        ("supervisor stuck", "the supervisor is stuck"),
        ("housekeeping stuck", "the housekeeping is stuck"),
    ],
)
def test_a_part_that_is_not_heard_of_ends_the_process(program, notes, broken, line):
    process = program(TICK, timers={"silence": 5}, BREAK=broken)
    process.wait_for(LEADS)
    process.wait_for(f"Watchdog: {line}, nothing was heard of it for [0-9]+ s")
    assert process.end() == 70
    assert "Thread 0x" in process.output


def test_a_loop_that_fails_now_and_then_goes_on_and_every_slot_is_run(program, notes):
    process = program(TICK, BREAK="loop fails now and then")
    process.wait_for("The scheduler's loop failed and goes on")
    notes.wait_until_steady("tick", 5)
    assert max(notes.slots("tick").values()) == 1


def test_the_watchdog_is_silent_about_a_process_that_was_frozen_as_a_whole():
    """It must not take the silence of threads that could not run for a fault of theirs."""
    watching = (
        "import os, signal, sys, threading, time\n"
        "from utils.scheduler.timers import Timers\n"
        "from utils.scheduler.watchdog import Watchdog\n"
        "dog = Watchdog(Timers(silence=2, watch=0.1, drift=0.5))\n"
        "dog.hear('part'); dog.start(); print('watching', flush=True)\n"
        "end = time.monotonic() + 3.5\n"
        "while time.monotonic() < end: dog.hear('part'); time.sleep(0.3)\n"
        "print('well', flush=True); time.sleep(60)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", watching],
        cwd=ROOT,
        env={"DATABASE_URL": database_url(), "PATH": "", "DEMO": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "watching\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(3)
        process.send_signal(signal.SIGCONT)
        assert process.stdout.readline() == "well\n"
        assert process.wait(timeout=LONG) == 70
        assert "the part is stuck" in process.stderr.read()
    finally:
        process.kill()
