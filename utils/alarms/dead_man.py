"""Pings to a service outside that notices when they stop coming, by the convention of healthchecks.io.

For each job of DEAD_MAN_URLS: ``/start`` before a run, the bare address after a success, ``/fail``
with the error after a failure. A thread of its own sends them, so that a slow service delays no
job; what it cannot send within ``SECONDS`` is dropped, because only the newest ping counts.
"""

from __future__ import annotations

import http.client
import logging
import queue
import threading
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from utils.alarms.channels import reason, request
from utils.scheduler.jobs import Job

logger = logging.getLogger(__name__)

SECONDS = 2.0
MOST_WAITING = 100  # pings
LONGEST_BODY = 10_000  # characters; healthchecks.io keeps so much


def addresses() -> dict[str, str]:
    """The addresses of DEAD_MAN_URLS by the jobs' ids."""
    entries = (entry.partition("=") for entry in settings.DEAD_MAN_URLS)
    return {job_id.strip(): address.strip() for job_id, _, address in entries}


class DeadMan:
    """Listens to the runs of jobs and pings for those that have an address."""

    def __init__(self, addresses: Mapping[str, str], timetable: Iterable[Job]) -> None:
        """Raises ImproperlyConfigured when an address is for a job that does not exist."""
        known = [job.id for job in timetable]
        if unknown := sorted(set(addresses) - set(known)):
            raise ImproperlyConfigured(f"DEAD_MAN_URLS: there is no job {unknown[0]!r}. The jobs: {', '.join(known)}.")
        self._addresses = addresses
        self._waiting: queue.Queue[tuple[str, str, str]] = queue.Queue(MOST_WAITING)
        self._sender = threading.Thread(target=self._send_all, name="dead-man pings", daemon=True)
        self._failing: set[str] = set()
        self._beginning = threading.Lock()

    def run_started(self, job: Job, slot: datetime) -> None:
        self._ping(job, "/start")

    def run_ended(self, job: Job, error: str) -> None:
        """``error`` is empty after a success."""
        self._ping(job, "/fail" if error else "", error)

    def _ping(self, job: Job, signal: str, body: str = "") -> None:
        if job.id not in self._addresses:
            return
        try:
            self._waiting.put_nowait((job.id, signal, body))
        except queue.Full:
            self._tell(job.id, "too many wait")
        with self._beginning:
            if not self._sender.is_alive():
                self._sender.start()

    def _send_all(self) -> None:
        while True:
            self._send(*self._waiting.get())

    def _send(self, job_id: str, signal: str, body: str) -> None:
        address = with_signal(self._addresses[job_id], signal)
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        try:
            request(address, body[:LONGEST_BODY].encode(), headers, timeout=SECONDS)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self._tell(job_id, reason(error))
        else:
            self._failing.discard(job_id)

    def _tell(self, job_id: str, why: str) -> None:
        """Once, until a ping of the job arrives again; never with the address, which is a secret."""
        if job_id not in self._failing:
            self._failing.add(job_id)
            logger.warning("The dead-man address of %s cannot be reached: %s", job_id, why)


def with_signal(address: str, signal: str) -> str:
    """The address for a signal such as ``/fail``: before the query, as in ``https://hc.example/key/job/fail?x=1``."""
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + signal)) if signal else address
