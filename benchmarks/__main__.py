"""Run the benchmarks, print their table and draw their plots."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import installation

if TYPE_CHECKING:
    from benchmarks.measuring import Race

# In this order: the sweeps come after the works that need nobody to be due, and payers after them, because they pay;
# the pages have a database of their own with a year of documents.
WORKS = (
    "desk-payment",
    "monthly-run",
    "idle-sweep",
    "expiry-sweep",
    "waiting-payer",
    "network-cuts",
    "logins",
    "count-usage",
    "page-requests",
    "list-pages",
    "desk-pages",
)
WITH_HISTORY = {"list-pages", "desk-pages"}


def main() -> None:
    options = _options()
    installation.use()

    import django

    django.setup()
    from benchmarks.report import table

    races = []
    for size in options.sizes:
        races += _races(size, options)
        for name in options.works:
            _draw(name, races, options.pictures)
    print(table(races))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[2_000, 10_000], help="subscriptions, 2000 or more")
    parser.add_argument("--works", nargs="+", choices=WORKS, default=WORKS, metavar="WORK", help=", ".join(WORKS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--without-peers", action="store_true", help="install and measure no other packages")
    parser.add_argument("--pictures", type=Path, default=installation.FOLDER / "pictures", help="where the plots go")
    return parser.parse_args()


def _races(size: int, options: argparse.Namespace) -> Sequence:
    from benchmarks.measuring import SAMPLE, Course
    from benchmarks.report import table

    if set(options.works) - WITH_HISTORY:
        installation.populate(size + 2 * SAMPLE)
    by_hand = installation.connect()
    try:
        course = Course(size, options.rounds, by_hand, has_peers=not options.without_peers)
        races = [race for name in WORKS if name in options.works for race in _found(_module(name).race(course))]
    finally:
        by_hand.close()
    print(table(races), flush=True)
    return races


def _found(result: Race | list[Race]) -> list[Race]:
    return result if isinstance(result, list) else [result]


def _module(work: str):
    return import_module(f"benchmarks.{work.replace('-', '_')}")


def _draw(name: str, races: Sequence, folder: Path) -> None:
    from benchmarks import plot
    from benchmarks.measuring import OURS

    work = _module(name).WORK
    lines: dict[str, list[tuple[float, float]]] = {}
    for race in races:
        if race.work == work:
            for series in race.series.values():
                lines.setdefault(series.contender, []).append((race.size, series.figure))
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"speed-{name}.svg"
    axes = ("subscriptions", f"time per {work.row}")
    file.write_text(plot.svg(work.name, axes, list(lines.items()), ours=OURS))
    print(f"Drawn: {file}")


if __name__ == "__main__":
    main()
