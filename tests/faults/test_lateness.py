"""How late a run begins on an idle machine."""

import pytest

from tests.faults.gaps import lateness

TICK = {"id": "tick", "every": 1}


@pytest.mark.heavy
def test_a_run_begins_in_time_with_the_timers_of_production(program, notes):
    program(TICK, timers="production")
    notes.wait_for("tick", 20, seconds=60)
    late = sorted(1000 * seconds for seconds in lateness(notes.times("tick")[1:]))
    print(f"lateness in ms: least {late[0]:.0f}, median {late[len(late) // 2]:.0f}, most {late[-1]:.0f}")
    assert late[len(late) // 2] < 500
