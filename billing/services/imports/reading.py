"""A file as rows of cells: CSV of any usual encoding and delimiter, and XLSX."""

from __future__ import annotations

import codecs
import csv
import io
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import charset_normalizer
import openpyxl
from django.conf import settings
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from billing.rules import cells
from billing.rules.cells import Cell
from billing.rules.errors import Refused
from billing.services.imports import passwords
from billing.services.wording import of_the_books

DELIMITERS = ",;\t|"
MOST_COLUMNS = 200
LONGEST_CELL = 2000  # letters; what is longer is no value of ours
SAMPLE = 64 * 1024
LINES_BEFORE = 30  # of which one has the names of the columns: statements begin with lines about the account
MOST_UNPACKED = 12  # times the limit of a file
WINDOWS = (
    dict.fromkeys(("ar", "fa", "ur"), "cp1256")
    | dict.fromkeys(("cs", "hr", "hu", "pl", "ro", "sk", "sl"), "cp1250")
    | dict.fromkeys(("be", "bg", "mk", "ru", "sr", "uk"), "cp1251")
    | {"el": "cp1253", "he": "cp1255", "tr": "cp1254"}
)
SECRET = re.compile(
    r"passw|secret|\bpin\b|contrase|palavra-passe|senha|mot de passe|كلمة (ال)?مرور|পাসও\S{1,2}ার্ড", re.IGNORECASE
)
ZIP = b"PK\x03\x04"  # how such a file begins
XLSX_PART = "xl/workbook.xml"

Row = list[Cell]


@dataclass(frozen=True)
class Table:
    """The names of the columns, and the rows below that are not empty."""

    head: list[str]
    rows: list[Row]
    left_out: tuple[str, ...] = ()
    sealed: tuple[int, ...] = ()


def table(content: bytes, known: Iterable[str], *, seals: bool = False) -> Table:
    """The one table of a CSV or XLSX file; ``known`` are names of columns by which its head is found.

    Columns that hold passwords are sealed when ``seals``, and else not kept.

    Raises:
        Refused: it cannot be read, is empty, or has more rows than the settings allow.
    """
    try:
        head, rows = _headed(_rows(content), set(map(cells.likeness, known)))
    except (csv.Error, zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, EOFError) as error:
        raise Refused(
            "The file cannot be read as CSV or XLSX: {error}. Save it anew as CSV, UTF-8.", error=error
        ) from error
    return with_secrets_sealed(head, rows) if seals else without_secrets(head, rows)


def _rows(content: bytes) -> Iterator[Row]:
    return _of_workbook(content) if content[:4] == ZIP else _of_text(decoded(content))


def is_workbook(content: bytes) -> bool:
    """Whether a ZIP file is an XLSX workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        return XLSX_PART in package.namelist()


def check_size(package: zipfile.ZipFile) -> None:
    """Raise Refused when what is in a ZIP file is too much to be unpacked."""
    if sum(part.file_size for part in package.infolist()) > MOST_UNPACKED * settings.IMPORT_MAX_MB << 20:
        raise Refused("Unpacked, the file is too large. Save it as CSV, or in several files.")


def decoded(content: bytes) -> str:
    """The text of a file in UTF-8, UTF-16 or, when it is neither, the encoding that its letters speak for.

    Few letters speak for several encodings: then the one that Windows uses for the installation's language is taken.
    """
    return _text(content).replace("\x00", "")  # which PostgreSQL does not keep


def _text(content: bytes) -> str:
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        matches = charset_normalizer.from_bytes(content[:SAMPLE], cp_isolation=[*set(WINDOWS.values()), "cp1252"])
        usual = WINDOWS.get(settings.LANGUAGE_CODE[:2], "cp1252")
        best = matches.best()
        is_usual = best is None or any(usual in match.could_be_from_charset for match in matches)
        return content.decode(usual if is_usual or best is None else best.encoding, errors="replace")


def _of_text(text: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text[:SAMPLE]), skipinitialspace=True)
    for row in reader:
        yield [cell.strip() for cell in row]


def delimiter_of(sample: str) -> str:
    """What stands between the cells: of the usual signs the one that divides most lines into the same many cells."""
    lines = [line for line in sample.splitlines() if line.strip()][:LINES_BEFORE]

    def fit(sign: str) -> tuple[int, int]:
        counts = [len(row) for row in csv.reader(lines, delimiter=sign)]
        usual = max(set(counts), key=counts.count, default=1)
        return (counts.count(usual), usual) if usual > 1 else (0, 0)

    return max(DELIMITERS, key=fit)


def _of_workbook(content: bytes) -> Iterator[Row]:
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        check_size(package)
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # a file may say that it is a million rows of 16,384 columns
        for row in sheet.iter_rows(values_only=True):
            yield [cells.plain(cell) for cell in row[: MOST_COLUMNS + 1]]
    finally:
        book.close()


def _headed(rows: Iterator[Row], known: set[str]) -> tuple[list[str], list[Row]]:
    first = list(islice(rows, LINES_BEFORE))
    at = max(range(len(first)), key=lambda place: _likeness(first[place], known), default=None)
    if at is None or not any(first[at]):
        raise Refused("The file is empty.")
    head = [cells.text(cell) for cell in first[at]]
    while head and not head[-1]:
        head.pop()
    if len(head) > MOST_COLUMNS:
        raise Refused(
            "The file has {head} columns, more than {most_columns}.", head=len(head), most_columns=MOST_COLUMNS
        )
    return _named(head), _checked(first[at + 1 :], rows, len(head))


def with_secrets_sealed(head: Sequence[str], rows: Sequence[Row]) -> Table:
    """The table with the cells of columns that hold passwords sealed."""
    secret = _secret(head)
    for row in rows:
        for place in secret:
            row[place] = passwords.sealed(row[place])
    return Table([*head], [*rows], sealed=tuple(secret))


def _secret(head: Sequence[str]) -> list[int]:
    return [place for place, name in enumerate(head) if SECRET.search(name)]


def without_secrets(head: Sequence[str], rows: Iterable[Row]) -> Table:
    """The table without columns that hold passwords: we have no use for them, so they are not kept."""
    secret = _secret(head)
    kept = [place for place in range(len(head)) if place not in secret]
    with of_the_books():
        left_out = tuple(_("the column {head}, which is not kept").format(head=head[place]) for place in secret)
    return Table([head[place] for place in kept], [[row[place] for place in kept] for row in rows], left_out)


def _likeness(row: Row, known: set[str]) -> tuple[int, int]:
    """How much a row looks like the names of the columns: known names first, then how many texts it has."""
    names = [cells.likeness(cells.text(cell)) for cell in row]
    return sum(name in known for name in names), min(1, sum(bool(name) for name in names))


def _named(head: Sequence[str]) -> list[str]:
    with of_the_books():
        return [name or _("Column {place}").format(place=place) for place, name in enumerate(head, 1)]


def _checked(first: list[Row], rest: Iterable[Row], width: int) -> list[Row]:
    """The rows that are not empty, each with ``width`` cells."""
    found: list[Row] = []
    for rows in (first, rest):
        for row in rows:
            if not any(cell != "" for cell in row):
                continue
            if len(found) == settings.IMPORT_MAX_ROWS:
                raise Refused(
                    "The file has more than {import_max_rows} rows. Divide it.",
                    import_max_rows=f"{settings.IMPORT_MAX_ROWS:,}",
                )
            found.append([*map(_short, row[:width]), *[""] * (width - len(row))])
    if not found:
        raise Refused("The file has names of columns, but no rows below them.")
    return found


def _short(cell: Cell) -> Cell:
    return cell[:LONGEST_CELL] if isinstance(cell, str) else cell
