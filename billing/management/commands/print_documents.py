from __future__ import annotations

import logging
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from billing.documents import batches
from billing.services.wording import counted
from utils import programs

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Carry out what staff ordered to be printed, the oldest order first."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seconds", type=int, default=25, help="begin nothing after so long (default: 25)")

    def handle(self, *, seconds: int, **options: Any) -> None:
        made = 0
        with programs.time_is_up(seconds) as is_over:
            while not is_over() and (count := batches.carry_out(now=timezone.now())) is not None:
                made += count
        if made:
            logger.info("%s made to be printed", counted(made, "bill"))
