from __future__ import annotations

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from billing.services.imports import files, running
from billing.services.wording import counted
from utils import origin, programs

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Check and import the files that staff brought in, the oldest first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=int, default=50, help="begin nothing after so long (default: 50)")

    def handle(self, *, seconds: int, **options: Any) -> None:
        handled = 0
        with programs.time_is_up(seconds) as is_over:
            while not is_over() and (who := files.who_ordered()) is not None:
                with origin.acting(origin.JOB, "import_files", actor=who):
                    handled += running.carry_out(now=timezone.now()) or 0
        if handled:
            logger.info("%s of imports handled", counted(handled, "row"))
