"""What happened when: who led, what was broken, which slots ran; and what follows from it."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

RECOVERY = 20.0  # seconds after a trouble in which a leader that stays may still wait before it tries again
TOLERANCE = 3.0  # seconds by which a run may be late on a busy machine


def rhythm(job: str) -> int:
    """How many seconds lie between two slots of a job."""
    return {"check_expired_subscriptions": 3, "verify_books": 15}.get(job, 10)


@dataclass(frozen=True)
class Line:
    """A line of the record; ``slot`` and ``at`` in seconds since 1970."""

    job: str
    slot: float
    what: str
    at: float
    pid: int


class Timeline:
    """Is told of leaders and troubles while they come, by several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._events: list[tuple[float, str]] = []
        self.leader: int | None = None
        self.faults: Counter[str] = Counter()

    def leads(self, pid: int) -> None:
        """A process became the leader."""
        with self._lock:
            self.leader = pid
            self._events.append((time.time(), "leads"))

    def ended(self, pid: int) -> None:
        """A process ended."""
        with self._lock:
            if pid == self.leader:
                self.leader = None
                self._events.append((time.time(), "ended"))

    def trouble(self) -> None:
        """Something keeps the leader from its work."""
        self._add("trouble")

    def over(self) -> None:
        """It does not any more: the leader goes on after a while, unless another takes over."""
        self._add("over")

    def _add(self, event: str) -> None:
        with self._lock:
            self._events.append((time.time(), event))

    def count(self, fault: str) -> None:
        with self._lock:
            self.faults[fault] += 1

    def calm(self, until: float) -> list[tuple[float, float]]:
        """When a leader was there that nothing kept from its work."""
        with self._lock:
            events = [*sorted(self._events), (until, "trouble")]
        windows, led = [], False
        for (at, event), (end, _) in pairwise(events):
            led = event == "leads" or (led and event != "ended")
            if event == "leads":
                windows.append((at, end))
            elif event == "over" and led:
                windows.append((at + RECOVERY, end))
        return [(begin, end) for begin, end in windows if begin < end]


def read(record: Path) -> list[Line]:
    return [Line(**json.loads(line)) for line in record.read_text().splitlines()]


def begun(lines: list[Line]) -> dict[str, Counter[float]]:
    """How often each slot of each job began."""
    slots: dict[str, Counter[float]] = defaultdict(Counter)
    for line in lines:
        if line.what == "began":
            slots[line.job][line.slot] += 1
    return slots


def intervals(lines: list[Line]) -> dict[str, list[tuple[float, float]]]:
    """When each job ran, from its beginning to its end; runs that were cut off are not among them."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    open_runs: dict[tuple[str, int], float] = {}
    for line in lines:
        if line.what == "began":
            open_runs[line.job, line.pid] = line.at
        elif begin := open_runs.pop((line.job, line.pid), None):
            found[line.job].append((begin, line.at))
    return found


def expected(windows: list[tuple[float, float]], job: str) -> list[float]:
    """The slots that undisturbed leaders must have run: also the last one before each began, unless it ran before."""
    slots, every = set(), rhythm(job)
    for begin, end in windows:
        slot = begin // every * every
        while slot <= end - every - TOLERANCE:
            slots.add(slot)
            slot += every
    return sorted(slots)


def lost(lines: list[Line], windows: list[tuple[float, float]], jobs: list[str]) -> list[tuple[str, float]]:
    """The slots that an undisturbed leader did not run, although the job was not still running from an earlier one."""
    slots, busy = begun(lines), intervals(lines)
    return [
        (job, slot)
        for job in jobs
        for slot in expected(windows, job)
        if slot not in slots[job]
        and slot >= min(slots[job], default=0)
        and not any(begin <= slot + 1 and end >= slot + rhythm(job) - 1 for begin, end in busy[job])
    ]
