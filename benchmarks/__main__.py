"""Run the benchmarks, print their table and draw their plots."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks import installation


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=[2_000, 10_000], help="subscriptions, 2000 or more")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--pictures", type=Path, default=installation.FOLDER / "pictures", help="where the plots go")
    options = parser.parse_args()
    installation.use()

    import django

    django.setup()
    from benchmarks.report import table

    races = [race for size in options.sizes for race in _races(size, options.rounds)]
    print(table(races))
    _draw(races, options.pictures)


def _races(size: int, rounds: int) -> Sequence:
    from benchmarks import desk_payment, monthly_run
    from benchmarks.report import table

    installation.populate(size + 2 * monthly_run.SAMPLE)
    by_hand = installation.connect()
    try:
        races = [desk_payment.race(size, by_hand), monthly_run.race(size, rounds, by_hand)]
    finally:
        by_hand.close()
    print(table(races), flush=True)
    return races


def _draw(races: Sequence, folder: Path) -> None:
    from benchmarks import desk_payment, monthly_run, plot

    folder.mkdir(parents=True, exist_ok=True)
    for work, file, unit in (
        (monthly_run.WORK, "speed-monthly-run.svg", "seconds per bill"),
        (desk_payment.WORK, "speed-desk-payment.svg", "seconds per payment"),
    ):
        lines: dict[str, list[tuple[float, float]]] = {}
        for race in races:
            if race.work == work:
                for series in race.series.values():
                    lines.setdefault(series.contender, []).append((race.size, series.per_row))
        (folder / file).write_text(plot.svg(work, ("subscriptions", unit), list(lines.items())))
        print(f"Drawn: {folder / file}")


if __name__ == "__main__":
    main()
