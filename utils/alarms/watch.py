"""The watch that the leader keeps: look at all sources, keep the alarms, have them told."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils import timezone

from utils.alarms import channels, conditions, following
from utils.alarms.conditions import Findings, Source
from utils.alarms.delivery import Delivery, Pace
from utils.scheduler.jobs import Job

logger = logging.getLogger(__name__)


class Watch:
    """Follows the sources of an installation; what began or ended is logged at once and delivered by threads.

    It listens to the runs of jobs, too, because a failure is not to wait for the next tick.
    """

    def __init__(
        self, sources: Mapping[str, Source], *, pace: Pace | None = None, flapping: timedelta = following.FLAPPING
    ) -> None:
        self._sources, self._flapping = sources, flapping
        self._one_at_a_time = threading.Lock()
        self._blind: set[str] = set()
        self._deliveries = {
            channel: Delivery(channel, send, pace or Pace()) for channel, send in channels.configured().items()
        }

    def run_started(self, job: Job, slot: datetime) -> None:
        """A run that begins alarms nobody."""

    def run_ended(self, job: Job, error: str) -> None:
        self.look(timezone.now())

    def look(self, now: datetime) -> None:
        """Look at everything now. Needs the database, waits for no mail server; raises what the database raises."""
        with self._one_at_a_time:
            findings = conditions.find(self._sources, now)
            self._log_blind(findings)
            changes = following.follow(findings, channels=self._deliveries, now=now, flapping=self._flapping)
        for alarm in changes.begun:
            channels.log(alarm, is_end=False)
        for alarm in changes.over:
            channels.log(alarm, is_end=True)
        for delivery in self._deliveries.values():
            delivery.wake()

    def end(self) -> None:
        """Deliver nothing more."""
        for delivery in self._deliveries.values():
            delivery.end()

    def _log_blind(self, findings: Findings) -> None:
        """Where a source fails, once."""
        for kind, error in findings.blind.items():
            if kind not in self._blind:
                logger.error("Alarms of the kind “%s” cannot be told", kind, exc_info=error)
        self._blind = set(findings.blind)
