"""Break everything at random for some minutes, then look whether anything is wrong: ``python -m tests.chaos``.

The seed is printed; with the same one the same faults come in the same order, though not at the same instants.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.chaos import verdict
from tests.chaos.monkeys import release
from tests.chaos.stage import Stage
from tests.chaos.verdict import Finding
from tests.database_places import ROOT, open_place

LOGS = ROOT / "var" / "chaos"


def main() -> int:
    """0 when everything is right, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long things are broken (%(default)s)")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    say(f"Chaos for {options.seconds:.0f} s, seed {options.seed}")
    with open_place() as place:
        stage = Stage(place, options.seed)
        try:
            found = list(play(stage, options.seconds, options.seed))
        finally:
            stage.end()
            keep_logs(place)
    is_right = all(finding.is_right for finding in found)
    say("Everything is right." if is_right else f"SOMETHING IS WRONG. The logs are in {LOGS}")
    return 0 if is_right else 1


def play(stage: Stage, seconds: float, seed: int) -> Iterator[Finding]:
    stage.start()
    say("Two schedulers, a web server, an office and a cashier work; now they are disturbed")
    monkeys = release(stage, seconds, seed)
    for fault, count in sorted(stage.timeline.faults.items()):
        say(f"  {count:4} × {fault}")
    for monkey in monkeys:
        yield told(Finding(f"{type(monkey).__name__} did its work", monkey.error is None, str(monkey.error or "")))
    for person in stage.people:
        code = person.stop()
        yield told(Finding(person.name, code == 0 and person.codes.total() == 1, person.last_line))
    for scheduler in stage.schedulers:
        say(f"  {scheduler.name} ended {dict(scheduler.codes)}")
    since = time.time()
    say(f"Now {verdict.QUIET:.0f} s are quiet")
    time.sleep(verdict.QUIET)
    for finding in verdict.findings(stage, since):
        yield told(finding)


def told(finding: Finding) -> Finding:
    say(f"{'ok   ' if finding.is_right else 'WRONG'} {finding.name}: {finding.told}")
    return finding


def say(text: str) -> None:
    print(text, flush=True)


def keep_logs(place: Path) -> None:
    shutil.rmtree(LOGS, ignore_errors=True)
    LOGS.mkdir(parents=True)
    for file in (*place.glob("*.log"), *place.glob("*.jsonl"), *(place / "postgres" / "log").glob("*.log")):
        shutil.copy(file, LOGS)


if __name__ == "__main__":
    sys.exit(main())
