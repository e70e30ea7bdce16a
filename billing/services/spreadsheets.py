"""Tables for spreadsheet programs: CSV that comes row by row, and that nobody can smuggle a formula into."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import chain

from django.conf import settings

from billing.rules.money import rounded

Cell = str | Decimal | date | None

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a cell starts with that a spreadsheet program would run


class _Line:
    """Takes what the writer of ``csv`` writes, one row at a time."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The head and each row as a line of text, as they come.

    Amounts are plain numbers with the decimals of the installation's currency, dates are ISO dates.
    """
    line = _Line()
    writer = csv.writer(line)
    for row in chain([columns], rows):
        writer.writerow([_shown(cell) for cell in row])
        yield line.text


def _shown(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return str(rounded(cell, settings.CURRENCY))
    if isinstance(cell, date):
        return cell.isoformat()
    return f"'{cell}" if cell.startswith(FORMULA) else cell
