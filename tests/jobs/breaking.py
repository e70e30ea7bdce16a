"""Faults inside the scheduler process that no signal and no table can produce."""

from __future__ import annotations

import itertools
import threading

from apscheduler.jobstores.memory import MemoryJobStore

from utils.scheduler import requests
from utils.scheduler.leader import Leadership


def break_down(what: str) -> None:
    """Let a part of the process fail as it is told."""
    FAULTS[what]()


def _hang(*args):
    threading.Event().wait()


def _loop_dies():
    _in_the_loop(SystemExit)


def _loop_fails():
    _in_the_loop(RuntimeError)


def _loop_fails_now_and_then():
    _in_the_loop(RuntimeError, every=2)


def _in_the_loop(error, every=1):
    """APScheduler asks this at the end of a turn, where it guards against no error."""
    turns, ask = itertools.count(1), MemoryJobStore.get_next_run_time

    def fail(store):
        if next(turns) % every == 0:
            raise error("broken by the test")
        return ask(store)

    MemoryJobStore.get_next_run_time = fail


def _loop_stuck():
    MemoryJobStore.get_next_run_time = _hang


def _housekeeping_stuck():
    requests.carry_out = _hang


def _supervisor_stuck():
    ask = Leadership.is_held
    Leadership.is_held = lambda self: _hang() if threading.current_thread() is threading.main_thread() else ask(self)


FAULTS = {
    "loop dies": _loop_dies,
    "loop fails": _loop_fails,
    "loop fails now and then": _loop_fails_now_and_then,
    "loop stuck": _loop_stuck,
    "housekeeping stuck": _housekeeping_stuck,
    "supervisor stuck": _supervisor_stuck,
}
