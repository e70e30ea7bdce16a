"""Notices when the clock of the machine is set."""

from __future__ import annotations

import time


class Drift:
    """Compares the clock that people set with the one that only counts."""

    def __init__(self, least: float) -> None:
        self._least = least
        self._offset = time.time() - time.monotonic()

    def jump(self) -> float:
        """By how many seconds the clock was set since the last call; 0 when by less than what matters."""
        offset = time.time() - time.monotonic()
        jump, self._offset = offset - self._offset, offset
        return jump if abs(jump) > self._least else 0.0
