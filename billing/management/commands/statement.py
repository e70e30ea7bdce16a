from __future__ import annotations

import argparse
from datetime import date
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing.rules.errors import Refused
from billing.services import clock, customers, statements
from billing.services.wording import plain

ROW = "{:<11} {:<22} {:<16} {:>14} {:>14} {:>14}"


class Command(BaseCommand):
    help = "Print a customer's account as a running balance: above zero is owed, below zero is credit."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("code", help="the customer's code, such as C000042")
        parser.add_argument(
            "--from", type=_day, metavar="DATE", dest="since", help="first day (default: the beginning)"
        )
        parser.add_argument("--until", type=_day, metavar="DATE", help="last day (default: today)")
        parser.add_argument("--csv", action="store_true", help="as CSV")

    def handle(self, *, code: str, since: date | None, until: date | None, csv: bool, **options: Any) -> None:
        try:
            customer, until = customers.by_code(code), until or clock.local_date(timezone.now())
            lines = statements.lines(customer, since=since or min(statements.first_day(customer), until), until=until)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        if csv:
            for text in statements.as_csv(lines):
                self.stdout.write(text, ending="")
            return
        self.stdout.write(ROW.format(*statements.COLUMNS))
        for line in lines:
            amounts = (_amount(amount) for amount in (line.debit, line.credit, line.balance))
            self.stdout.write(ROW.format(str(line.day), str(line.text), line.number, *amounts))


def _amount(amount: Decimal | None) -> str:
    return "" if amount is None else plain(amount)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date; write it like 2026-03-31") from error
