"""Run functions side by side on real threads and connections."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def together(*works: Callable[[], object]) -> list[object]:
    """Start all at the same moment, each with its own connection; their results, or the first error."""
    barrier = threading.Barrier(len(works))

    def run(work):
        try:
            barrier.wait()
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(works)) as pool:
        return [future.result() for future in [pool.submit(run, work) for work in works]]


def dealt(items: Sequence, hands: int, seed: int) -> list[list]:
    """The items shuffled and dealt to so many hands."""
    shuffled = random.Random(seed).sample(items, len(items))
    return [shuffled[hand::hands] for hand in range(hands)]
