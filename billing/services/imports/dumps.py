"""The tables of a dump in MySQL's SQL, as mysqldump and phpMyAdmin write it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from billing.rules.cells import Cell
from billing.rules.errors import Refused
from billing.services.imports.reading import Row

_CREATE = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?[`\"]?(\w+)[`\"]?\s*\((.*?)\n\s*\)", re.IGNORECASE | re.DOTALL)
_COLUMN = re.compile(r"^\s*(?:`(\w+)`|(?!PRIMARY|KEY|UNIQUE|INDEX|CONSTRAINT|FULLTEXT|FOREIGN)(\w+)) ", re.MULTILINE)
_INSERT = re.compile(
    r"^INSERT\s+(?:IGNORE\s+)?INTO\s+[`\"]?(\w+)[`\"]?\s*(?:\(([^)]*)\))?\s*VALUES\s*", re.IGNORECASE | re.MULTILINE
)
_VALUE = re.compile(r"\s*(?:(?:_\w+\s*)?'((?:[^'\\]|\\.|'')*)'|([^\s,()']+))\s*([,)])", re.DOTALL)
_NEXT_ROW = re.compile(r"\s*,?\s*\(")
_ESCAPED = re.compile(r"\\(.)|''", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "", "Z": ""}


def is_dump(text: str) -> bool:
    """Whether a text is SQL that fills tables."""
    return bool(_INSERT.search(text))


def tables(text: str, wanted: Collection[str]) -> dict[str, tuple[list[str], list[Row]]]:
    """The columns and rows of the ``wanted`` tables that the dump fills, by the names of the tables.

    Raises:
        Refused: a row cannot be read.
    """
    created = {name.lower(): _columns(body) for name, body in _CREATE.findall(text)}
    found: dict[str, tuple[list[str], list[Row]]] = {}
    for insert in _INSERT.finditer(text):
        name = insert[1].lower()
        if name not in wanted:
            continue
        columns = re.findall(r"\w+", insert[2]) if insert[2] else created.get(name, [])
        kept, rows = found.setdefault(name, (columns, []))
        for row in _rows(text, insert.end()):
            if len(row) != len(columns) or columns != kept:
                raise Refused(
                    "A row of the table {name} has {row} values for {columns} columns.",
                    name=name,
                    row=len(row),
                    columns=len(columns),
                )
            rows.append(row)
    return found


def _columns(body: str) -> list[str]:
    return [quoted or plain for quoted, plain in _COLUMN.findall(body)]


def _rows(text: str, at: int) -> Iterator[Row]:
    """The rows in brackets from ``at`` on, as far as they follow each other."""
    while begin := _NEXT_ROW.match(text, at):
        row, at = [], begin.end()
        while value := _VALUE.match(text, at):
            row.append(_cell(value))
            at = value.end()
            if value[3] == ")":
                break
        else:
            raise Refused("The dump cannot be read near: {text!r}", text=text[at : at + 40])
        yield row


def _cell(value: re.Match[str]) -> Cell:
    if value[1] is None:
        return "" if value[2].upper() == "NULL" else value[2]
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]) if found[1] else "'", value[1])
