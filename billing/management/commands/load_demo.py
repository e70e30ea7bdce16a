from __future__ import annotations

import argparse
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing.demo import ADMIN, ADMIN_PASSWORD, loader
from billing.demo.progress import shown
from billing.services import books


class Command(BaseCommand):
    help = "Load a made-up provider into an empty database, to try things out. Needs DEMO=1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--customers", type=_customers, default=200, help="how many (default: %(default)s)")

    def handle(self, *, customers: int, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Made-up customers are for the demo only: set DEMO=1, with a database of its own.")
        if note := loader.loaded():
            self.stdout.write(f"{note}. They are kept; start anew with: make demo-reset")
            return
        try:
            with shown() as report:
                loader.load(customers=customers, now=timezone.now(), report=report)
        except (loader.NotEmpty, books.BooksDiffer) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{loader.loaded()}. Sign in as {ADMIN} with {ADMIN_PASSWORD}")


def _customers(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of customers; write 1 or more, such as 200")
    return int(text)
