from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from billing.services import books

NAME, ROWS, DIFFERENCES = 60, 12, 13  # widths of the table's columns


class Command(BaseCommand):
    help = "Recompute every balance, bill, number, period and access state from raw rows; exit 1 on any difference."

    def handle(self, **options: Any) -> None:
        self.stdout.write(_row("check", "rows", "differences"))
        results = books.verify(now=timezone.now(), report=self._tell)
        for result in results:
            self._show(result)
        try:
            books.require(results)
        except books.BooksDiffer as differ:
            raise CommandError(str(differ)) from differ
        self.stdout.write(
            f"The books are right: {len(results)} checks, {sum(result.rows for result in results):,} rows."
        )

    def _tell(self, result: books.Result) -> None:
        self.stdout.write(_row(result.check.name, f"{result.rows:,}", f"{result.differences:,}"))
        self.stdout.flush()

    def _show(self, result: books.Result) -> None:
        if not result.differences:
            return
        note = " (no error: the next expiry check disables them)" if result.check.tolerated else ""
        self.stdout.write(f"\n{result.check.name}{note}")
        for row in result.shown:
            self.stdout.write(f"  {result.check.rows_of} {row.row_id}: stored {row.stored}, expected {row.expected}")
        if (hidden := result.differences - len(result.shown)) > 0:
            self.stdout.write(f"  and {hidden:,} more")


def _row(name: str, rows: str, differences: str) -> str:
    return f"{name:{NAME}}{rows:>{ROWS}}{differences:>{DIFFERENCES}}"
