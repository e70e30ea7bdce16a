"""Figures at a glance on the first page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Card:
    """One figure with its name, a second line, and the list that it counts."""

    title: str
    figure: str
    note: str
    link: str
    icon: str
    alarming: bool = False


@dataclass(frozen=True)
class Section:
    """Cards that belong together, and how old they are."""

    title: str | Promise
    cards: Sequence[Card]
    note: str | Promise = ""
