"""A log-log plot as SVG: lines of one work over its sizes."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import cycle
from math import ceil, floor, log10

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 410, 70, 230, 56, 50
LABEL_HEIGHT = 15
OURS = "#2563eb"
COLOURS = ("#6b7280", "#dc2626", "#d97706", "#0d9488", "#9333ea", "#15803d", "#be185d", "#78350f")

Line = tuple[str, Sequence[tuple[float, float]]]  # name, and points of (size, seconds)


def svg(title: str, axes: tuple[str, str], lines: Sequence[Line], ours: str = "") -> str:
    """``lines`` over their sizes, with a decade of each axis to each mark; ``ours`` is the line that stands out."""
    sizes = [size for _, points in lines for size, _ in points]
    seconds = [value for _, points in lines for _, value in points]
    across, upward = _scale(sizes, LEFT, WIDTH - RIGHT), _scale(seconds, HEIGHT - BOTTOM, TOP)
    parts = [_text(LEFT, 22, title, "start", 15), _text(WIDTH - RIGHT, HEIGHT - 12, axes[0], "end")]
    parts.append(_text(LEFT - 60, TOP - 14, axes[1], "start"))
    parts += [_line(across(size), TOP, across(size), HEIGHT - BOTTOM) for size in _decades(sizes)]
    parts += [_text(across(size), HEIGHT - BOTTOM + 18, f"{size:,.0f}", "middle") for size in _decades(sizes)]
    parts += [_line(LEFT, upward(value), WIDTH - RIGHT, upward(value)) for value in _decades(seconds)]
    parts += [_text(LEFT - 8, upward(value) + 4, _time(value), "end") for value in _decades(seconds)]
    ends = _apart([upward(points[-1][1]) for _, points in lines])
    colours = cycle(COLOURS)
    for (name, points), label_y in zip(lines, ends, strict=True):
        colour = OURS if name == ours else next(colours)
        places = [(across(size), upward(value)) for size, value in points]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
        parts.append(_text(places[-1][0] + 10, label_y + 4, name, "start", colour=colour))
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">\n'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>\n{body}\n</svg>\n'
    )


def _apart(heights: Sequence[float]) -> list[float]:
    """``heights`` of labels, moved up as far as each needs to stand clear of the one below it."""
    moved, below = list(heights), float("inf")
    for place in sorted(range(len(heights)), key=lambda place: -heights[place]):
        below = moved[place] = min(heights[place], below - LABEL_HEIGHT)
    return moved


def _decades(values: Sequence[float]) -> list[float]:
    first, last = floor(log10(min(values))), ceil(log10(max(values)))
    return [10.0**power for power in range(first, max(last, first + 1) + 1)]


def _scale(values: Sequence[float], start: float, end: float):
    first, last = (log10(value) for value in (_decades(values)[0], _decades(values)[-1]))
    return lambda value: start + (log10(value) - first) / (last - first) * (end - start)


def _time(seconds: float) -> str:
    for unit, size in (("s", 1), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds * 1e6:,.0f} µs"


def _line(x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#e5e7eb"/>'


def _text(x: float, y: float, text: str, anchor: str, size: int = 12, colour: str = "#374151") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" fill="{colour}">{escape(text)}</text>'
    )
