"""Tables for spreadsheet programs: CSV that comes as it is read, XLSX, and no formula that somebody smuggles in."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import chain, islice
from typing import IO, Any

from django.conf import settings
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from billing.rules.money import rounded
from billing.services import clock

Cell = str | Decimal | date | int | None

# What a cell starts with that a spreadsheet program would run; the wide signs are the same to some of them.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
# Where semicolons are the usual divider, or tabs are, what follows one is a cell of its own.
_FORMULA_WITHIN = re.compile(r"(?<=[;\t\r\n])(?=[=+@-])")
LINES_AT_ONCE = 500


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """The head, and then the rows as lines of text, some hundred at once, as they come.

    Amounts are plain numbers with the decimals of the installation's currency, dates are ISO dates, instants are
    in the installation's zone.
    """
    lines, count = chain([columns], rows), 1
    while block := list(islice(lines, count)):
        text, count = io.StringIO(), LINES_AT_ONCE
        csv.writer(text).writerows([_shown(cell) for cell in row] for row in block)
        yield text.getvalue()


def _shown(cell: Cell) -> str:
    if isinstance(cell, str):
        cell = _FORMULA_WITHIN.sub("'", cell)
        return f"'{cell}" if cell.startswith(FORMULA) else cell
    if cell is None:
        return ""
    if isinstance(cell, Decimal):
        return str(rounded(cell, settings.CURRENCY))
    if isinstance(cell, datetime):
        return _local(cell).isoformat(sep=" ", timespec="seconds")
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def write_xlsx(columns: Sequence[str], rows: Iterable[Sequence[Cell]], file: IO[bytes]) -> None:
    """A workbook of one sheet into ``file``, row by row, so that its length takes no memory."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet("List")
    for row in chain([columns], rows):
        sheet.append([_kept(cell, sheet) for cell in row])
    book.save(file)


def _kept(cell: Cell, sheet: Any) -> Any:
    """A value as a workbook keeps it; a text stays a text, whatever it starts with."""
    if isinstance(cell, str):
        text = ILLEGAL_CHARACTERS_RE.sub("", cell)
        if not text.startswith(FORMULA):
            return text
        kept = WriteOnlyCell(sheet, text)
        kept.data_type = "s"
        return kept
    if isinstance(cell, Decimal):
        return rounded(cell, settings.CURRENCY)
    if isinstance(cell, datetime):
        return _local(cell)
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return cell


def _local(instant: datetime) -> datetime:
    """An instant on the clocks of the installation's zone, as spreadsheet programs have it: without a zone."""
    return instant.astimezone(clock.zone()).replace(tzinfo=None, microsecond=0)
