"""The chaos sees a slot that is lost, and takes none for lost that another stands for."""

import pytest

from tests.chaos import timeline
from tests.chaos.timeline import Line, Timeline, expected, lost

CHECK = "check_expired_subscriptions"  # every 3 s


def ran(*slots, late=0.1, takes=0.1, pid=1):
    return [
        Line(CHECK, slot, what, slot + after, pid)
        for slot in slots
        for what, after in (("began", late), ("done", late + takes))
    ]


@pytest.fixture
def clock(monkeypatch):
    """Sets what the timeline takes for the present: ``clock(12)``."""
    return lambda now: monkeypatch.setattr(timeline.time, "time", lambda: now)


def test_an_undisturbed_leader_has_to_run_every_slot_and_the_last_one_before_it_began():
    assert expected([(10, 22)], CHECK) == [9, 12, 15]
    assert lost(ran(0, 9, 12, 15), [(10, 22)], [CHECK]) == []
    assert lost(ran(0, 9, 15), [(10, 22)], [CHECK]) == [(CHECK, 12)]
    assert lost(ran(0, 12, 15), [(10, 22)], [CHECK]) == [(CHECK, 9)]


def test_of_what_was_missed_before_a_leader_began_only_the_last_slot_is_expected():
    assert lost(ran(0, 18, 21), [(19, 30)], [CHECK]) == [(CHECK, 24)]


def test_a_slot_that_passed_while_the_job_was_running_is_not_lost_because_the_next_one_stands_for_it():
    assert lost([*ran(0, takes=7), *ran(6, late=1.2), *ran(9)], [(0, 15)], [CHECK]) == []
    assert lost([*ran(0, takes=2), *ran(6, 9)], [(0, 15)], [CHECK]) == [(CHECK, 3)]


def test_a_job_is_expected_from_its_first_slot_on():
    assert lost(ran(12, 15), [(1, 22)], [CHECK]) == []


def test_nothing_is_expected_while_something_is_broken(clock):
    told = Timeline()
    for now, event in [
        (10, lambda: told.leads(1)),
        (20, told.trouble),
        (25, told.over),
        (60, lambda: told.ended(2)),
        (70, lambda: told.ended(1)),
        (80, told.over),
        (110, lambda: told.leads(2)),
    ]:
        clock(now)
        event()
    assert told.calm(until=130) == [(10, 20), (45, 70), (110, 130)]


def test_a_slot_that_begins_twice_is_counted_twice():
    assert timeline.begun([*ran(3), *ran(3, pid=2), *ran(6)])[CHECK] == {3: 2, 6: 1}
