from __future__ import annotations

from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing.management.arguments import instant
from billing.rules.errors import Refused
from billing.services import expiry_preview, wording
from billing.services.spreadsheets import csv_text
from billing.services.wording import counted, plain

ROW = "{:<12} {:<24} {:<16} {:<16} {:<24} {:<20} {:>14} {:>6} {:<16} {}"


class Command(BaseCommand):
    help = "Show who would be disabled as unpaid, and why. Nothing is changed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--at", type=instant, metavar="INSTANT", help="such as 2026-03-31T18:00 (default: now)")
        parser.add_argument("--csv", action="store_true", help="as CSV, for a spreadsheet program")

    def handle(self, *, at: datetime | None, csv: bool, **options: Any) -> None:
        now = timezone.now()
        try:
            found = expiry_preview.preview(at or now, now=now)
        except Refused as refused:
            raise CommandError(str(refused)) from refused
        if csv:
            rows = (expiry_preview.cells(row) for row in expiry_preview.rows(found.at))
            self.stdout.writelines(csv_text(expiry_preview.COLUMNS, rows))
            return
        self.stdout.write(ROW.format(*expiry_preview.COLUMNS))
        for row in expiry_preview.rows(found.at):
            self.stdout.write(_line(row))
        would = f"{counted(found.due, 'subscription')} would be disabled on {wording.instant(found.at)}."
        self.stdout.write(" ".join([would, *found.remarks, "Nothing was changed."]))


def _line(row: expiry_preview.WouldCut) -> str:
    name, area, plan = row.customer_name[:24], row.area[:16], row.plan[:20]
    due_on, cut_at = row.due_on.isoformat(), wording.instant(row.cut_at)
    return ROW.format(
        row.customer_code, name, row.phone, area, row.login, plan, plain(row.owed), row.bills, due_on, cut_at
    )
