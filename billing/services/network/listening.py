"""Waking up at once when something new is wanted of the network."""

from __future__ import annotations

import asyncio

from django.db import connection

CHANNEL = "network"


class Ear:
    """A session of its own that listens; it is opened before the event loop and closed after it."""

    _loop: asyncio.AbstractEventLoop

    def __init__(self) -> None:
        self._wrapper = connection.copy()
        with self._wrapper.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
        self._session = self._wrapper.connection
        self._descriptor = -1  # of the session while it is attended to: a session that broke tells it no more
        self.woken = asyncio.Event()

    def attend(self) -> None:
        """Let ``woken`` be set by every notice from now on; in the event loop."""
        self._loop = asyncio.get_running_loop()
        self._descriptor = self._session.fileno()
        self._loop.add_reader(self._descriptor, self._hear)

    def wake(self) -> None:
        """As a notice would, from any thread."""
        self._loop.call_soon_threadsafe(self.woken.set)

    async def wait(self, seconds: float) -> bool:
        """Wait for a notice, but not longer than that; whether one came."""
        try:
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        except TimeoutError:
            return False
        self.woken.clear()
        return True

    def turn_away(self) -> None:
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            self._descriptor = -1

    def close(self) -> None:
        self._wrapper.close()

    def _hear(self) -> None:
        try:
            self._session.poll()
        except Exception:  # the next statement of the worker tells what happened to the database
            self.turn_away()
        self._session.notifies.clear()
        self.woken.set()
