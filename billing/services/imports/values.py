"""The fields of a kind of rows, and the values of one row by field."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.conf import settings
from django.utils.translation import override

from billing.models import ImportedFile, ImportedRow
from billing.rules import cells
from billing.rules.cells import Cell
from billing.rules.errors import Refused
from billing.rules.money import checked_amount

Outcome = ImportedRow.Outcome
Read = TypeVar("Read")
OWED, CREDIT = "owed", "credit"  # what a balance above zero means in a file


@dataclass(frozen=True)
class Field:
    """What a column may hold: ``names`` are those by which it goes in files, ``example`` how it is written.

    What ``is_secret`` stands only in columns that were sealed when they were read. ``permission`` is what bringing it
    in needs besides that of the kind.
    """

    name: str
    label: str
    names: tuple[str, ...] = ()
    is_needed: bool = False
    example: str = ""
    is_secret: bool = False
    permission: str = ""


@dataclass(frozen=True)
class Found:
    """What a row is to do, in words for staff; ``act`` does it, and gives what it did when that is something else.

    ``writes`` is what it would write, where that can be done for many rows at once.
    """

    outcome: str
    message: str = ""
    act: Callable[[], Found | None] | None = None
    key: str = ""
    amount: Decimal | None = None
    writes: object | None = None


def chosen(text: str, choices: Iterable[tuple[Any, Any]]) -> str:
    """The value of the choice that ``text`` is the value of, or the name in any language; empty when it is none."""
    offered = list(choices)
    for language, _name in settings.LANGUAGES:
        with override(language):
            for value, label in offered:
                if text.casefold() in (str(value).casefold(), str(label).casefold()):
                    return str(value)
    return ""


class Importer:
    """What finds out what rows of one kind are to do."""

    def __init__(self, options: Mapping[str, Any], *, file: ImportedFile, now: datetime, by: Any) -> None:
        self.options, self.file, self.now, self.by = options, file, now, by

    def found(self, rows: Sequence[Values]) -> list[Found]:
        """One for each row."""
        raise NotImplementedError

    def together(self, found: Sequence[Found]) -> Collection[object]:
        """Do what can be done for many rows at once; which of their ``writes`` were written."""
        return ()


class Values:
    """One row by field. What a column is not chosen for, or is empty, is as if it were not there."""

    def __init__(self, row: ImportedRow, mapping: Mapping[str, int], options: Mapping[str, Any]) -> None:
        self.row, self._options = row, options
        self._cells: dict[str, Cell] = {name: row.cells[place] for name, place in mapping.items()}

    def has(self, name: str) -> bool:
        return cells.text(self._cells.get(name, "")) != ""

    def text(self, name: str, longest: int = 0) -> str:
        """The text of a field, cut to ``longest`` letters where that loses nothing that counts."""
        written = cells.text(self._cells.get(name, ""))
        return written[:longest] if longest else written

    def amount(self, name: str) -> Decimal | None:
        """Raises Refused when it is no amount."""
        return cells.amount(self._cells[name], self._options.get("decimals", cells.POINT)) if self.has(name) else None

    def balance(self) -> Decimal | None:
        """The opening balance: above zero is owed, whatever sign the file gives it.

        Raises:
            Refused: it is no amount, or one that nobody can owe.
        """
        balance = self.amount("balance")
        if not balance:
            return None
        checked_amount(abs(balance), settings.CURRENCY)
        return -balance if self._options.get("balance") == CREDIT else balance

    def day(self, name: str) -> date | None:
        """Raises Refused when it is no day."""
        return self._named(name, lambda cell: cells.day(cell, self._options.get("order", cells.DAY_FIRST)))

    def whole(self, name: str) -> int | None:
        """Raises Refused when it is no whole number."""
        return self._named(name, cells.whole)

    def flag(self, name: str) -> bool:
        """Raises Refused when it is neither yes nor no."""
        return self._named(name, cells.flag) or False

    def _named(self, name: str, read: Callable[[Cell], Read | None]) -> Read | None:
        try:
            return read(self._cells[name]) if self.has(name) else None
        except Refused as refused:
            raise Refused(
                "{replace}: {refused}", replace=name.replace("_", " ").capitalize(), refused=refused
            ) from refused


def found_by(find: Callable[[Values], Found], rows: Sequence[Values]) -> list[Found]:
    """What ``find`` gives for each row, or that and why it is refused."""
    found = []
    for row in rows:
        try:
            found.append(find(row))
        except Refused as refused:
            found.append(Found(Outcome.REFUSED, str(refused)))
    return found
