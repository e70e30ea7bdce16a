"""How often the scheduler process looks, and how long it waits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Timers:
    """All in seconds; the defaults are the values of production."""

    look: float = 0.25  # between two looks of the supervisor
    ping: float = 5.0  # between two questions whether this process still leads, or may lead
    lease: float = 30.0  # after which PostgreSQL ends the session of a leader that is not heard of
    silence: float = 60.0  # after which the watchdog ends a process whose parts are not heard of
    watch: float = 1.0  # between two looks of the watchdog
    drift: float = 5.0  # by which the clock must jump to be noticed
    requests: float = 1.0  # between two looks at what staff ask for
    reconcile: float = 60.0  # between two comparisons of the timetable, the plan and the tables
    first_retry: float = 1.0  # after a fault, doubled each time
    last_retry: float = 15.0
    shortest_wait: float = 0.25  # between two turns of the loop when something stays due
    longest_wait: float = 15.0  # between two turns of the loop
    tick: float = 15.0  # between two calls of ``on_tick``

    def retries(self) -> Iterator[float]:
        """The waits after one fault, a second one, and so on without an end."""
        wait = self.first_retry
        while True:
            yield wait
            wait = min(wait * 2, self.last_retry)
