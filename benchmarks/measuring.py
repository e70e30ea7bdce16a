"""Time, peak memory and queries of one way to do a work."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

LIMIT, OURS, LOOP, BULK = "SQL by hand", "ISP Billing", "Django, save() per row", "Django, bulk_create"
WIDE, QUERYSET = "SQL by hand, wide table", "Django, queryset over unpaid bills"
SAMPLE = 1_000  # rows that naive Django is given, beside the others


@dataclass(frozen=True)
class Work:
    """What is measured, per ``row``; ratios are to ``limit``, of the ``figure`` of all seconds that were taken.

    With ``single_rows`` each row is timed by itself, so that the slow ones can be told.
    """

    name: str
    row: str
    single_rows: bool = False
    limit: str = LIMIT
    figure: Callable[[Sequence[float]], float] = median


@dataclass(frozen=True)
class Course:
    """What is the same for all works: subscriptions, rounds, and a connection of its own for SQL by hand."""

    size: int
    rounds: int
    by_hand: Any
    has_peers: bool


@dataclass
class Series:
    """What one contender took for one work at one size, round by round, in seconds per row."""

    work: Work
    contender: str
    size: int
    seconds: list[float] = field(default_factory=list)
    queries: float = 0  # per row
    memory: int = 0  # MB, the whole process at its peak

    @property
    def figure(self) -> float:
        return self.work.figure(self.seconds)

    def ratio_to(self, limit: Series) -> float:
        """How many times as long as the limit it took, the median over the rounds."""
        if self.work.figure is not median or len(self.seconds) != len(limit.seconds):
            return self.figure / limit.figure
        return median(own / best for own, best in zip(self.seconds, limit.seconds, strict=True))


class Race:
    """The contenders of one work at one size, whose rounds alternate."""

    def __init__(self, work: Work, size: int) -> None:
        self.work, self.size = work, size
        self.series: dict[str, Series] = {}

    def run(self, contender: str, rows: int, act: Callable[[], object]) -> None:
        """One round of ``act``, which does ``rows`` rows."""
        with peak_memory() as memory, counted_queries() as queries:
            began = time.perf_counter()
            act()
            seconds = time.perf_counter() - began
        self.add(contender, rows=rows, seconds=seconds, queries=queries[0], memory=memory[0])

    def add(self, contender: str, *, rows: int, seconds: float, queries: int, memory: int) -> None:
        """What one round took."""
        series = self.series.setdefault(contender, Series(self.work, contender, self.size))
        series.seconds.append(seconds / rows)
        series.queries = queries / rows
        series.memory = max(series.memory, memory)


@contextmanager
def counted_queries() -> Iterator[list[int]]:
    """How many statements Django sent; those by hand are counted by whoever sends them."""
    from django.db import connection

    count = [0]

    def wrapper(execute: Any, *arguments: Any) -> Any:
        count[0] += 1
        return execute(*arguments)

    with connection.execute_wrapper(wrapper):
        yield count


@contextmanager
def peak_memory() -> Iterator[list[int]]:
    """The most memory in MB that this process held meanwhile, 0 where the system does not tell."""
    found = [0]
    try:
        Path("/proc/self/clear_refs").write_text("5")  # starts a new peak
    except OSError:
        yield found
        return
    yield found
    status = Path("/proc/self/status").read_text()
    found[0] = round(int(re.search(r"VmHWM:\s+(\d+)", status)[1]) / 1024)


def percentile(seconds: Sequence[float], percent: int) -> float:
    return sorted(seconds)[min(len(seconds) * percent // 100, len(seconds) - 1)]
