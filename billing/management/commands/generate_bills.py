from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing.management.arguments import day
from billing.rules.errors import Refused
from billing.services import audit, billing_forecast, billing_run
from billing.services.billing_forecast import WouldIssue, WouldSetAside
from billing.services.late_fees import LateFees, ToCome
from billing.services.wording import counted, money, plain

ROW = "{:<12} {:<24} {:<40} {:>14} {:>12} {:>14}"


class Command(BaseCommand):
    help = (
        "Charge the fee on every bill that is late, then issue the bill of every period that is due and not billed "
        "yet. Running it again charges and bills nothing twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--through", type=day, metavar="DATE", help="bill what is due until this day (default: today)"
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would be issued, also for a day to come; change nothing"
        )

    def handle(self, *, through: date | None, dry_run: bool, **options: Any) -> None:
        try:
            if dry_run:
                self._show(through)
            else:
                run = billing_run.generate(now=timezone.now(), limit=settings.BILLING_BATCH_SIZE, through=through)
                audit.note_of("billing.bill", "", "", run.summary)
                self.stdout.write(run.summary)
        except Refused as refused:
            raise CommandError(str(refused)) from refused

    def _show(self, through: date | None) -> None:
        fees, bills, tax, total, set_aside = LateFees(), 0, Decimal(0), Decimal(0), 0
        self.stdout.write(ROW.format("customer", "login", "period", "amount", "tax", "total"))
        for found in billing_forecast.forecast(now=timezone.now(), through=through):
            if isinstance(found, WouldSetAside):
                set_aside += 1
                self.stdout.write(f"{found.customer_code:<12} {found.login:<24} set aside: {found.reason}")
                continue
            if isinstance(found, ToCome):
                fees.count, fees.total = fees.count + 1, fees.total + found.item.amount
                self.stdout.write(_fee_row(found))
                continue
            bills, tax, total = bills + 1, tax + found.bill.totals.tax, total + found.bill.totals.total
            for row in _rows(found):
                self.stdout.write(row)
        charged = (
            f"{counted(fees.count, 'late fee')} would be charged, {money(fees.total)} in all; " if fees.count else ""
        )
        self.stdout.write(
            f"{charged}{counted(bills, 'bill')} would be issued, {money(total)} in all, {money(tax)} of it tax; "
            f"{counted(set_aside, 'subscription')} would be set aside. Nothing was changed."
        )


def _fee_row(fee: ToCome) -> str:
    return f"{fee.customer_code:<12} {fee.charged_on}: {money(fee.item.amount)} for the next bill. {fee.item}"


def _rows(found: WouldIssue) -> Iterator[str]:
    """A row for each line of a bill; its tax and total stand in the last one."""
    bill = found.bill
    lines = [
        (line.service.login, f"{line.period.start} to {line.period.last_day}", line.amount) for line in bill.proposals
    ]
    lines += [("", item.description, item.amount) for item in bill.items]
    for number, (login, what, amount) in enumerate(lines, start=1):
        sums = (plain(bill.totals.tax), plain(bill.totals.total)) if number == len(lines) else ("", "")
        yield ROW.format(found.customer_code, login, what, plain(amount), *sums).rstrip()
