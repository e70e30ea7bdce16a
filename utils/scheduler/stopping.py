"""How a job that works on and on learns that the scheduler stops."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _Here(threading.local):
    stop: threading.Event | None = None


_here = _Here()


@contextmanager
def told_by(stop: threading.Event) -> Iterator[None]:
    """Runs of jobs in this thread are told by ``stop``."""
    _here.stop = stop
    try:
        yield
    finally:
        _here.stop = None


def asked() -> threading.Event:
    """Is set when the run in this thread is to end as soon as it can; outside of a scheduler it never is."""
    return _here.stop or threading.Event()
