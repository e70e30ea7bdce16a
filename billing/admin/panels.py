"""Tables below a form: what belongs to a customer, a bill, a payment or a subscription."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django import forms

from billing.words import gettext_lazy as _


class Column(NamedTuple):
    """The head of a column; ``amount`` sets it to the right, above its amounts."""

    text: str
    amount: bool = False


@dataclass(frozen=True)
class Panel:
    """One table: its columns, its rows of cells that are ready to be shown, and where there is more.

    ``sentences`` and a ``chart`` stand above it, and a ``form`` whose values ask the same page for something else.
    """

    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[object, ...]] = ()
    empty: str = _("None.")
    more: str = ""
    sentences: Sequence[str] = ()
    form: forms.Form | None = None
    chart: str = ""


def columns(*texts: str, amounts: Iterable[str] = ()) -> tuple[Column, ...]:
    """The heads of columns, in the language of the reader; those named in ``amounts`` stand to the right."""
    right = set(amounts)
    return tuple(Column(_(text), text in right) for text in texts)
