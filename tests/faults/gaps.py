"""What the times at which a job ran say."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise


def longest_gap(times: list[datetime]) -> float:
    """The most seconds between two runs in a row."""
    return max((later - earlier).total_seconds() for earlier, later in pairwise(times))


def lateness(times: list[datetime], every: int = 1) -> list[float]:
    """By how many seconds each run was behind its slot."""
    return [at.timestamp() % every for at in times]
