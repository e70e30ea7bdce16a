"""How often the scheduler process looks, and how long it waits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Timers:
    """All in seconds; the defaults are the values of production."""

    look: float = 0.25  # between two looks of the supervisor
    ping: float = 5.0  # between two questions whether this process still leads, or may lead
    lease: float = 30.0  # after which PostgreSQL ends the session of a leader that is not heard of
    first_retry: float = 1.0  # after a fault of the database, doubled each time
    last_retry: float = 15.0
    shortest_wait: float = 0.25  # between two turns of the loop
    longest_wait: float = 15.0
    tick: float = 15.0  # between two calls of ``on_tick``
