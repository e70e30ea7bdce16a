"""How far a load is: stages, and the parts of each."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

logger = logging.getLogger(__name__)

SECONDS_BETWEEN_LINES = 5

Report = Callable[[str, int, int], None]  # stage, parts done, parts in all


@contextmanager
def shown() -> Iterator[Report]:
    """Bars on a terminal, otherwise lines."""
    if not sys.stdout.isatty() or find_spec("rich") is None:
        yield _lines()
        return
    from rich import progress as rich  # noqa: PLC0415  (not installed in production)

    columns = rich.TextColumn("{task.description}"), rich.BarColumn(), rich.MofNCompleteColumn()
    with rich.Progress(*columns, rich.TimeElapsedColumn()) as bars:
        tasks: dict[str, Any] = {}

        def report(stage: str, done: int, parts: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(f"{stage:26}", total=parts)
            bars.update(tasks[stage], completed=done)

        yield report


def _lines() -> Report:
    """One line when a stage is done, and every few seconds while it is not."""
    started = told = time.monotonic()

    def report(stage: str, done: int, parts: int) -> None:
        nonlocal told
        now = time.monotonic()
        if done == parts or now - told >= SECONDS_BETWEEN_LINES:
            logger.info("%s: %d of %d, %.0f s", stage, done, parts, now - started)
            told = now

    return report
