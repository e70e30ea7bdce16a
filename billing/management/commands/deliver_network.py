from __future__ import annotations

import logging
import signal
import threading
import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, OperationalError, connections
from django.utils import timezone

from billing.services.network import delivery
from billing.services.wording import counted
from utils import outage
from utils.scheduler.timers import Timers

logger = logging.getLogger(__name__)

TURN = 20.0  # seconds after which it shows that it is alive
NO_ROUTER = 5.0  # seconds between two looks for the first router


class Command(BaseCommand):
    help = "Bring changes of access and speed to the routers, until it is stopped; any number may run at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=float, help="end after so long (default: when it is stopped)")
        parser.add_argument("--heartbeat", type=Path, help="a file to touch at least every 30 seconds")

    def handle(self, *, seconds: float | None, heartbeat: Path | None, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        logger.info("Delivering to the routers")
        end = time.monotonic() + seconds if seconds is not None else float("inf")
        done, retries = 0, Timers().retries()
        while not stop.is_set() and (left := end - time.monotonic()) > 0:
            if heartbeat:
                heartbeat.touch()
            began = time.monotonic()
            try:
                done += delivery.deliver(stop=stop, seconds=min(TURN, left), clock=timezone.now)
                retries = Timers().retries()
            except (OperationalError, InterfaceError) as error:
                logger.warning("Waiting: %s", outage.explain(error) or error)
                connections.close_all()
                stop.wait(next(retries))
            if time.monotonic() - began < 1:  # no router is in use
                stop.wait(min(NO_ROUTER, max(left, 0)))
        logger.info("%s delivered", counted(done, "subscription"))
