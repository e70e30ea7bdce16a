"""Regular work beside the supervisor, in a thread of its own, so that nothing slow holds the supervisor."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import connections

logger = logging.getLogger(__name__)

OnTick = Callable[[datetime], None]


class Ticker:
    """Calls a function every some seconds; an error of it is logged, and the next call comes all the same."""

    def __init__(self, on_tick: OnTick, seconds: float) -> None:
        self._on_tick = on_tick
        self._seconds = seconds
        self._stop = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._run, name="ticker", daemon=True).start()

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._on_tick(datetime.now(UTC))
            except Exception:
                logger.exception("The regular work beside the scheduler failed and goes on")
            finally:
                connections.close_all()
            self._stop.wait(self._seconds)
