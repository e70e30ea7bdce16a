"""The circuit breaker of the expiry sweep (rule E14). Pure: no clock, no tables."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class CircuitBreaker:
    """An abnormal run cuts nobody: more than ``count`` and more than ``percent`` of what is active."""

    percent: int
    count: int

    def is_needed(self, due: int, active: int) -> bool:
        """Whether a run in which ``due`` of ``active`` subscriptions would be cut is abnormal."""
        return due > self.count and due * 100 > self.percent * active
