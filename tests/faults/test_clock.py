"""The clock of the scheduler's machine is set: the jobs go on at once, at their places in the rhythm."""

import os
import signal
from pathlib import Path

import pytest

from tests.faults.gaps import lateness, longest_gap

TICK = {"id": "tick", "every": 5}


def library():
    """libfaketime for programs with threads: $FAKETIME_LIBRARY, or where Debian's package puts it."""
    named = os.environ.get("FAKETIME_LIBRARY")
    found = [named] if named else sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.skip("libfaketime not found: run `make setup-test-host`")
    return str(found[0])


@pytest.fixture
def clock(tmp_path):
    """What a program needs to see another time, and a function that sets it by so many seconds."""
    offset = tmp_path / "offset"

    def set_by(seconds):
        draft = tmp_path / "draft"
        draft.write_text(f"{seconds:+d}\n")
        draft.rename(offset)

    set_by(0)
    environment = {
        "LD_PRELOAD": library(),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }
    return environment, set_by


@pytest.mark.heavy
@pytest.mark.parametrize(("fault", "seconds"), [("F28", 45), ("F29", -45)])
def test_a_clock_that_is_set_delays_no_run_and_doubles_none(program, notes, clock, fault, seconds):
    environment, set_by = clock
    running = program(TICK, **environment)
    notes.wait_for("tick", 2)
    set_by(seconds)
    running.wait_for(r"The clock .*45")
    notes.wait_for("tick", 4, seconds=40)
    times = notes.times("tick")
    assert longest_gap(times) < 8, f"{fault}: a run was lost"
    assert notes.doubled("tick") == {}
    assert max(lateness(times[-3:], every=5)) < 2
    running.signal(signal.SIGTERM)
    assert running.end() == 0
