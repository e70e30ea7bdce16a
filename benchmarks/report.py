"""The table of a run."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from benchmarks.measuring import LIMIT, Race, Series, percentile

HEAD = ("work", "N", "how", "per row", "95 of 100 within", "ratio", "queries per row", "memory")


def table(races: Iterable[Race]) -> str:
    """The table in Markdown; the ratio is to the SQL by hand of the same work, size and run."""
    rows = [row for race in races for row in _rows(race)]
    widths = [max(len(row[place]) for row in [HEAD, *rows]) for place in range(len(HEAD))]
    lines = [HEAD, tuple("-" * width for width in widths), *rows]
    return "\n".join(
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in lines
    )


def _rows(race: Race) -> Iterator[tuple[str, ...]]:
    limit = race.series[LIMIT]
    for series in race.series.values():
        yield (
            race.work,
            f"{race.size:,}",
            series.contender,
            duration(series.per_row),
            _slowest(series),
            f"{series.ratio_to(limit):.1f}",
            f"{series.queries:.3g}",
            f"{series.memory} MB",
        )


def _slowest(series: Series) -> str:
    return duration(percentile(series.seconds, 95)) if len(series.seconds) >= 20 else ""


def duration(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms" if seconds >= 1e-3 else f"{seconds * 1e6:.0f} µs"
