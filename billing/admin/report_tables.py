"""The cells, totals and charts that several reports share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from django.utils import formats
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from billing.admin import charts
from billing.admin.formatting import amount_cell, day, money
from billing.admin.panels import Column, Panel
from billing.services.spreadsheets import Cell


class Field(NamedTuple):
    """A column of figures: its name, and how a row gives it; Decimals are money, ints are counts, texts stay."""

    name: str
    of: Callable[[Any], Any]


class Table(NamedTuple):
    """Rows with one or more named ``heads`` and ``fields``, as they go to the page and to the file."""

    heads: Sequence[str]
    name: Callable[[Any], Sequence[Cell]]
    fields: Sequence[Field]
    rows: Sequence[Any]

    def panel(self, title: str, *, chart: str = "", totals: bool = True) -> Panel:
        """The rows as a panel, with a last row of totals when there are several."""
        shown = [
            (*map(shown_name, self.name(row)), *(figure(field.of(row)) for field in self.fields)) for row in self.rows
        ]
        if totals and len(self.rows) > 1:
            nothing = [""] * (len(self.heads) - 1)
            sums = (figure(sum(field.of(row) for row in self.rows)) for field in self.fields)
            shown.append((format_html("<strong>{}</strong>", _("Total")), *nothing, *sums))
        heads = (*map(Column, self.heads), *(Column(field.name, True) for field in self.fields))
        return Panel(title, heads, shown, empty=_("Nothing."), chart=chart)

    def file(self) -> tuple[Sequence[str], Iterable[Sequence[Cell]]]:
        """The heads and rows of the file."""
        heads = [*self.heads, *(field.name for field in self.fields)]
        return heads, ((*self.name(row), *(cell(field.of(row)) for field in self.fields)) for row in self.rows)


def figure(value: Decimal | int | str) -> SafeString:
    """A cell of a count or of money, to the right."""
    if isinstance(value, Decimal):
        return amount_cell(value)
    return format_html('<span class="amount">{}</span>', f"{value:,}" if isinstance(value, int) else value)


def cell(value: Decimal | int | str) -> Cell:
    return str(value) if isinstance(value, int) else value


def shown_name(name: Any) -> Any:
    """What a row is about, as the page shows it."""
    return day(name) if isinstance(name, date) else name


def month_of(first: date) -> str:
    """Such as “May 2026”."""
    return formats.date_format(first, "YEAR_MONTH_FORMAT")


def chart_of(title: str, values: Iterable[tuple[str, str, Decimal]]) -> str:
    """Columns of money: (short name, name in words, amount)."""
    found = [charts.Column(short, float(amount), f"{words}: {money(amount)}") for short, words, amount in values]
    return charts.columns(title, found)
