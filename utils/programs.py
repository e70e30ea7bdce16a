"""Programs of ours that a job starts beside the scheduler, and that end early when it is told to stop."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.conf import settings

LOOK = 0.2  # seconds between two looks whether to stop


def run(command: str, stopping: threading.Event) -> int:
    """Run one of our commands to its end, which comes soon when ``stopping`` is set; its exit code, 0 after a stop."""
    program = [sys.executable, str(settings.BASE_DIR / "manage.py"), command]
    is_told = False
    with subprocess.Popen(program, start_new_session=True) as process:
        while True:
            try:
                code = process.wait(LOOK)
            except subprocess.TimeoutExpired:
                if stopping.is_set():
                    is_told = True
                    process.terminate()
            else:
                return 0 if is_told and code == -signal.SIGTERM else code


@contextmanager
def time_is_up(seconds: float) -> Iterator[Callable[[], bool]]:
    """For a program that ``run`` starts: whether it is to begin nothing more, after so long or when it is told to."""
    end, told = time.monotonic() + seconds, threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *_: told.set())
    try:
        yield lambda: told.is_set() or time.monotonic() >= end
    finally:
        signal.signal(signal.SIGTERM, before)
