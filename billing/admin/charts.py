"""Charts of the staff's pages: columns drawn by the server, in the colours of the page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from math import ceil, floor, log10
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 720, 220  # of the picture
LEFT, TOP, BOTTOM = 64, 12, 28  # room for the scale, above the columns, and for their names
STEPS = 4  # of the scale, at most
LETTER, SPACE = 6.5, 8  # of a name below the columns, and between two of them
FILLED = 0.7  # of a column's place


class Column(NamedTuple):
    """One column: its short name, its value, and the value as it is read."""

    name: str
    value: float
    words: str


class Scale(NamedTuple):
    """From where to where the picture goes, and how far apart its lines are."""

    lowest: float
    highest: float
    step: float

    def height_of(self, value: float) -> float:
        """How far below the top of the picture ``value`` is."""
        inside = HEIGHT - TOP - BOTTOM
        return TOP + inside * (self.highest - value) / (self.highest - self.lowest)


def columns(title: str, found: Sequence[Column]) -> SafeString | str:
    """A picture of the columns from left to right, with its title and its extremes in words; nothing of none."""
    if not found:
        return ""
    scale = _scale([column.value for column in found])
    place = (WIDTH - LEFT) / len(found)
    return format_html(
        '<div class="bar-chart" tabindex="0" role="group" aria-label="{title}"><svg role="img" aria-label="{words}" '
        'viewBox="0 0 {width} {height}" width="{width}" height="{height}">{lines}{bars}{names}</svg></div>',
        title=title,
        words=_words(title, found),
        width=WIDTH,
        height=HEIGHT,
        lines=_lines(scale),
        bars=_bars(scale, place, found),
        names=_names(place, found),
    )


def _scale(values: Sequence[float]) -> Scale:
    lowest, highest = min(0.0, *values), max(0.0, *values)
    if lowest == highest:
        return Scale(0.0, 1.0, 1.0)
    rough = (highest - lowest) / STEPS
    size = 10.0 ** floor(log10(rough))
    step = next(size * times for times in (1, 2, 2.5, 5, 10) if size * times >= rough)
    return Scale(floor(lowest / step) * step, ceil(highest / step) * step, step)


def _lines(scale: Scale) -> SafeString:
    marks = [scale.lowest + scale.step * n for n in range(round((scale.highest - scale.lowest) / scale.step) + 1)]
    return format_html_join(
        "",
        '<line x1="{}" x2="{}" y1="{}" y2="{}"></line><text x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (LEFT, WIDTH, height, height, LEFT - 6, f"{float(height) + 4:.1f}", _short(mark))
            for mark in marks
            for height in [f"{scale.height_of(mark):.1f}"]
        ),
    )


def _bars(scale: Scale, place: float, found: Sequence[Column]) -> SafeString:
    zero = scale.height_of(0)

    def bar(number: int, column: Column) -> tuple[str, ...]:
        end = scale.height_of(column.value)
        left = LEFT + place * (number + (1 - FILLED) / 2)
        return (*(f"{x:.1f}" for x in (left, min(zero, end), place * FILLED, abs(zero - end))), column.words)

    form = '<rect x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>'
    return format_html_join("", form, (bar(number, column) for number, column in enumerate(found)))


def _names(place: float, found: Sequence[Column]) -> SafeString:
    widest = max(len(column.name) for column in found) * LETTER + SPACE
    every = ceil(widest / place)
    form = '<text x="{}" y="{}" text-anchor="middle">{}</text>'
    shown = (
        (f"{LEFT + place * (number + 0.5):.1f}", HEIGHT - 8, column.name)
        for number, column in enumerate(found)
        if number % every == 0
    )
    return format_html_join("", form, shown)


def _words(title: str, found: Sequence[Column]) -> str:
    highest, last = max(found, key=lambda column: column.value), found[-1]
    return f"{title}. {highest.words}; {last.words}" if highest != last else f"{title}. {last.words}"


def _short(value: float) -> str:
    """A figure of the scale, such as “2.5M”."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:g}{letter}"
    return f"{Decimal(repr(round(value, 4))).normalize():f}"
