"""Who wants to know when runs begin and end."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from utils.scheduler.jobs import Job

logger = logging.getLogger(__name__)


class RunListener(Protocol):
    """Is told of each run in the thread of the run, so it must not take long."""

    def run_started(self, job: Job, slot: datetime) -> None:
        """The job begins now; ``slot`` is its place in the rhythm, or when staff asked for it."""

    def run_ended(self, job: Job, error: str) -> None:
        """The run is over and its record is written; ``error`` is empty after a success."""


class Listeners:
    """Tells all listeners; an error of one is logged and disturbs neither the run nor the others."""

    def __init__(self, listeners: Sequence[RunListener] = ()) -> None:
        self._listeners = listeners

    def run_started(self, job: Job, slot: datetime) -> None:
        for listener in self._listeners:
            try:
                listener.run_started(job, slot)
            except Exception:
                logger.exception("A listener failed at the beginning of “%s”", job.name)

    def run_ended(self, job: Job, error: str) -> None:
        for listener in self._listeners:
            try:
                listener.run_ended(job, error)
            except Exception:
                logger.exception("A listener failed at the end of “%s”", job.name)
