"""What is under way to one router: no more at once than its window, and one question while it does not answer."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from datetime import timedelta
from typing import cast

from django.utils.translation import gettext as _

from billing.network.adapters import open_adapter
from billing.network.base import Adapter, Target
from billing.rules import network as rules
from billing.services.network.targets import Reach

NOTED_EVERY = 5.0  # seconds between two notes that a router answers


class Lane:
    """The way to one router, with a circuit breaker: after a failure it rests, then one question tries it."""

    def __init__(self, reach: Reach) -> None:
        self.router_id = reach.id
        self.waiting = 0
        self.failures = 0
        self.error = ""
        self._rests_until = 0.0
        self._busy = 0
        self._queue: deque[asyncio.Future[None]] = deque()
        self._adapter: Adapter | None = None
        self._retired: list[Adapter] = []
        self._noted_at = 0.0
        self.target: Target | None = None
        self.problem = ""
        self.follow(reach)

    def follow(self, reach: Reach) -> None:
        """Take over what the database says now: changed data of the router are tried at once."""
        is_changed = (reach.target, reach.problem) != (self.target, self.problem)
        self.target, self.problem = reach.target, reach.problem
        if is_changed and self._adapter:
            self._retired.append(self._adapter)
            self._adapter, self.failures, self._rests_until = None, 0, 0.0
        elif reach.failures > self.failures:  # another worker met it
            self.failures, self.error = reach.failures, _("The router did not answer the last time")
            self._rests_until = self._now() + reach.rests_for

    @property
    def window(self) -> int:
        return self.target.window if self.target else 1

    @property
    def most_waiting(self) -> int:
        """How many are taken ahead for it, so that it never waits for the database."""
        return 16 * self.window

    def rest(self) -> timedelta:
        """How long it is to be left alone; nothing when it may be asked."""
        return timedelta(seconds=max(self._rests_until - self._now(), 0))

    async def enter(self) -> None:
        """Wait for a place in the window; ``leave`` must follow."""
        self.waiting += 1
        try:
            if self._busy >= self._limit():
                place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._queue.append(place)
                await place  # whoever leaves has counted us in already
            else:
                self._busy += 1
        finally:
            self.waiting -= 1

    def leave(self) -> None:
        self._busy -= 1
        while self._queue and self._busy < self._limit():
            place = self._queue.popleft()
            if not place.done():
                self._busy += 1
                place.set_result(None)

    def adapter(self) -> Adapter:
        """How the router is spoken to; not for a lane with a ``problem``."""
        if self._adapter is None:
            self._adapter = open_adapter(cast(Target, self.target))
        return self._adapter

    def answered(self) -> bool:
        """It answered; whether that is worth a note, because it is news or the last note is old."""
        is_news = bool(self.failures) or self._now() - self._noted_at > NOTED_EVERY
        self.failures, self._rests_until, self.error = 0, 0.0, ""
        if is_news:
            self._noted_at = self._now()
        return is_news

    def failed(self, error: str) -> timedelta:
        """It did not answer: how long it rests. Failures of the same window count once."""
        if not self.rest():
            self.failures += 1
            wait = rules.wait_for_router(self.failures, chance=random.random())  # noqa: S311  (no secret)
            self._rests_until = self._now() + wait.total_seconds()
        self.error = error
        return self.rest()

    async def close(self) -> None:
        for adapter in (*self._retired, self._adapter):
            if adapter:
                await adapter.close()

    def _limit(self) -> int:
        if self.rest():
            return 1 << 30  # nobody waits for a router that rests: they are told so
        return 1 if self.failures else self.window

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()
