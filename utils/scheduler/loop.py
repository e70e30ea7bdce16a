"""The loop of APScheduler, guarded."""

from __future__ import annotations

import logging

from apscheduler.schedulers.background import BackgroundScheduler
from django.db import connections

from utils.scheduler.timers import Timers

logger = logging.getLogger(__name__)


class GuardedScheduler(BackgroundScheduler):
    """A scheduler whose loop survives a database error and looks again at least every 15 seconds."""

    timers = Timers()

    def _process_jobs(self) -> float:
        try:
            wait = super()._process_jobs()
        except Exception:
            logger.exception("The scheduler's loop failed and goes on")
            connections.close_all()
            wait = None
        longest = self.timers.longest_wait
        return longest if wait is None else min(max(wait, self.timers.shortest_wait), longest)
