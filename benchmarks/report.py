"""The table of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from statistics import median

from benchmarks.measuring import Race, percentile

HEAD = ("work", "N", "how", "per row", "95 of 100 within", "longest", "ratio", "queries per row", "memory")


def table(races: Iterable[Race]) -> str:
    """The table in Markdown; the ratio is to the limit of the same work, size and run."""
    rows = [row for race in races for row in _rows(race)]
    widths = [max(len(row[place]) for row in [HEAD, *rows]) for place in range(len(HEAD))]
    lines = [HEAD, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in lines
    )


def _rows(race: Race) -> Iterator[tuple[str, ...]]:
    limit = race.series[race.work.limit]
    for series in race.series.values():
        yield (
            race.work.name,
            f"{race.size:,}",
            series.contender,
            duration(median(series.seconds)),
            duration(percentile(series.seconds, 95)) if race.work.single_rows else "",
            duration(max(series.seconds)) if race.work.single_rows else "",
            times(series.ratio_to(limit)),
            f"{series.queries:.3g}",
            f"{series.memory} MB",
        )


def duration(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"


def times(ratio: float) -> str:
    digits = 2 if ratio < 1 else 1 if ratio < 10 else 0
    return f"{ratio:,.{digits}f}"
