from __future__ import annotations

import logging
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from billing.services.imports import files, running
from billing.services.wording import counted
from utils import origin

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Check and import the files that staff brought in, the oldest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=int, default=25, help="begin nothing after so long (default: 25)")

    def handle(self, *, seconds: int, **options: Any) -> None:
        end, handled = time.monotonic() + seconds, 0
        while time.monotonic() < end and (who := files.who_ordered()) is not None:
            with origin.acting(origin.JOB, "import_files", actor=who):
                handled += running.carry_out(now=timezone.now()) or 0
        if handled:
            logger.info("%s of imports handled", counted(handled, "row"))
