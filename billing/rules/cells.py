"""What stands in the cells of other people's tables: amounts, days, numbers and words, however they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from billing.rules.errors import Refused

Cell = str | int | float
POINT, COMMA = ".", ","
DAY_FIRST, MONTH_FIRST = "dmy", "mdy"
YES = {"1", "y", "yes", "true", "t", "on", "x"}
NO = {"", "0", "n", "no", "false", "f", "off"}

_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_NUMERIC = re.compile(r"(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4}|\d{2})(?!\d)")
_WORDED = re.compile(r"(\d{1,2})[-/. ]?([A-Za-z]{3,9})[-/., ]+(\d{4}|\d{2})(?!\d)")
_MONTH_WORDED = re.compile(r"([A-Za-z]{3,9})[-/. ]+(\d{1,2})[-/., ]+(\d{4})(?!\d)")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?!\d)")
_AMOUNT = re.compile(
    r"(?P<sign>[-+(\N{MINUS SIGN}]?)\s*(?:[^\W\d_]{1,5}\.?|[^\w\s.,=+*/%()-])?\s*"
    r"(?P<digits>\d[\d.,'\s]*?)(?P<after>\s*(?:-|\)|[^\W\d_]{1,5}|[^\w\s.,=+*/%()-])?)"
)
_NO_DAY = re.compile(r"0000-00-00.*")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def text(cell: Cell) -> str:
    """A cell as people read it; the mark that keeps spreadsheet programs from running it is taken off."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    written = str(cell).strip()
    return written[1:] if len(written) > 1 and written[0] == "'" and written[1] in "=+-@" else written


def amount(cell: Cell, decimals: str = POINT) -> Decimal:
    """An amount such as ``1,234.50``, ``1.234,50-``, ``(20.00)``, ``20 USD`` or ``45.00 DR``; money out is below zero.

    Args:
        decimals: the sign before the decimals, a point or a comma.

    Raises:
        Refused: it is no number.
    """
    if not isinstance(cell, str):
        return Decimal(f"{cell:.15g}")  # the digits that spreadsheet programs show: 0.1 + 0.2 is 0.3
    written = text(cell)
    match = _AMOUNT.fullmatch(written)
    thousands = COMMA if decimals == POINT else POINT
    whole, _, part = re.sub(r"[\s']", "", match["digits"] if match else "").partition(decimals)
    grouped = rf"\d+|\d{{1,3}}({re.escape(thousands)}\d{{2,3}})*{re.escape(thousands)}\d{{3}}"
    if match is None or not re.fullmatch(grouped, whole) or not re.fullmatch(r"\d*", part):
        raise Refused(
            "“{written}” is not an amount. Write it like 1234{decimals}50.", written=written, decimals=decimals
        )
    number = Decimal(f"{whole.replace(thousands, '')}.{part or 0}")
    negative = match["sign"] in ("-", "(", "\N{MINUS SIGN}") or match["after"].strip().upper() in ("-", "DR")
    return -number if negative else number


def whole(cell: Cell) -> int:
    """A whole number of zero or more.

    Raises:
        Refused: it is none.
    """
    written = text(cell)
    if not re.fullmatch(r"\d{1,9}", written):
        raise Refused("“{written}” is not a whole number.", written=written)
    return int(written)


def flag(cell: Cell) -> bool:
    """Yes or no.

    Raises:
        Refused: it is neither.
    """
    written = text(cell).casefold()
    if written in YES or written in NO:
        return written in YES
    raise Refused("“{text}” is neither yes nor no.", text=text(cell))


def day(cell: Cell, order: str = DAY_FIRST) -> date | None:
    """The day of a date or an instant, such as ``2026-05-31``, ``31/05/2026 10:15`` or ``31 May 2026``; None for none.

    Args:
        order: whether the day or the month comes first where both are numbers and the year is last.

    Raises:
        Refused: there is no such day.
    """
    written = text(cell)
    if not written or _NO_DAY.fullmatch(written):
        return None
    try:
        return date(*_parts(written, order))
    except (ValueError, TypeError) as error:
        raise Refused("“{written}” is not a date. Write it like 2026-05-31.", written=written) from error


def _parts(written: str, order: str) -> tuple[int, int, int]:
    if found := _ISO.match(written) or _COMPACT.match(written):
        year, month, on = map(int, found.groups())
        return year, month, on
    if found := _NUMERIC.match(written):
        first, second, year = map(int, found.groups())
        month, on = (second, first) if order == DAY_FIRST else (first, second)
        return _full(year), month, on
    if found := _WORDED.match(written):
        return _full(int(found[3])), _MONTHS.index(found[2][:3].lower()) + 1, int(found[1])
    if found := _MONTH_WORDED.match(written):
        return int(found[3]), _MONTHS.index(found[1][:3].lower()) + 1, int(found[2])
    raise ValueError(written)


def _full(year: int) -> int:
    return year if year > 99 else 2000 + year


def plain(cell: object) -> Cell:
    """What a spreadsheet program keeps in a cell, as a text or a number."""
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, (int, float)):
        return cell
    if isinstance(cell, datetime) and not (cell.hour or cell.minute or cell.second):
        cell = cell.date()
    return str(cell).replace("\x00", "").strip()


def usual_decimals(cells: Iterable[Cell]) -> str:
    """The sign before the decimals that most of some amounts use."""
    written = [text(cell) for cell in cells if isinstance(cell, str)]
    commas = sum(bool(re.search(r",\d{1,2}\D*$", one)) for one in written)
    points = sum(bool(re.search(r"\.\d{1,2}\D*$", one)) for one in written)
    return COMMA if commas > points else POINT


def usual_order(cells: Iterable[Cell]) -> str:
    """Whether the day or the month comes first in most of some dates."""
    found = [match for cell in cells if (match := _NUMERIC.match(text(cell)))]
    months = sum(int(match[2]) > 12 for match in found)
    return MONTH_FIRST if months > sum(int(match[1]) > 12 for match in found) else DAY_FIRST


def likeness(name: str) -> str:
    """The letters and digits of a column's name, small, by which names are compared."""
    return re.sub(r"[^\w]|_", "", name.casefold())


def guessed(head: Sequence[str], names: dict[str, Sequence[str]]) -> dict[str, int]:
    """In which column of ``head`` each field probably stands; ``names`` are those by which it goes, the best first."""
    columns = [likeness(name) for name in head]
    found: dict[str, int] = {}
    for is_exact in (True, False):
        for field, known in names.items():
            taken = set(found.values())
            if field not in found and (place := _place(columns, known, taken, is_exact=is_exact)) is not None:
                found[field] = place
    return found


def _place(columns: Sequence[str], known: Sequence[str], taken: set[int], *, is_exact: bool) -> int | None:
    for name in map(likeness, known):
        for place, column in enumerate(columns):
            is_it = column == name if is_exact else len(name) > 4 and name in column
            if place not in taken and is_it:
                return place
    return None
