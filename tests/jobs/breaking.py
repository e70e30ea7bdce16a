"""Faults inside the scheduler process that no signal and no table can produce."""

from __future__ import annotations

import itertools
import threading

from apscheduler.jobstores.memory import MemoryJobStore

from utils.scheduler import requests
from utils.scheduler.leader import Leadership

hanging = threading.Event()  # set by a job that hangs


def break_down(what: str) -> None:
    """Let a part of the process fail as it is told."""
    FAULTS[what]()


def _hang(*args):
    threading.Event().wait()


def _loop_dies():
    """But not before a job hangs."""
    _in_the_loop(SystemExit, hanging.is_set)


def _loop_fails():
    _in_the_loop(RuntimeError)


def _loop_fails_now_and_then():
    turns = itertools.count(1)
    _in_the_loop(RuntimeError, lambda: next(turns) % 2 == 0)


def _in_the_loop(error, is_time=lambda: True):
    """APScheduler asks this at the end of a turn, where it guards against no error."""
    ask = MemoryJobStore.get_next_run_time

    def fail(store):
        if is_time():
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
