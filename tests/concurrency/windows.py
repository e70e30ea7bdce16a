"""The two windows in which a sweep and somebody else can meet on one row, held open until the other has come.

Nothing is left to chance: the sweep waits for the other, and goes on when that one has committed, or
waits for the sweep's lock.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

from billing.models import AccessEvent, AccessState
from billing.services import locks, sweep
from tests.concurrency.races import together

LONGEST = 90  # seconds, before a test gives up

_SOMEBODY_WAITS_FOR_ME = (
    "SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))"
)


def after_the_decision(monkeypatch, now, act: Callable[[], object]) -> sweep.Sweep:
    """A sweep has read who is due; ``act`` commits; then the sweep locks and goes on."""
    claim, acted = sweep._claim, Event()

    def when_the_other_is_done(*args):
        decided.set()
        assert acted.wait(LONGEST)
        return claim(*args)

    def act_and_tell():
        try:
            act()
        finally:
            acted.set()

    decided = Event()
    with monkeypatch.context() as patch:
        patch.setattr(sweep, "_claim", when_the_other_is_done)
        return _race(now, decided, act_and_tell)


def after_the_lock(monkeypatch, now, act: Callable[[], object]) -> sweep.Sweep:
    """A sweep has locked who is due; ``act`` runs into its lock; then the sweep writes and commits."""
    disable, locked = sweep._disable, Event()

    def when_the_other_waits(cursor, *args):
        locked.set()
        until_somebody_waits(cursor)
        return disable(cursor, *args)

    with monkeypatch.context() as patch:
        patch.setattr(sweep, "_disable", when_the_other_waits)
        return _race(now, locked, act)


def _race(now, reached: Event, act: Callable[[], object]) -> sweep.Sweep:
    def act_in_the_window():
        assert reached.wait(LONGEST)
        act()

    result, _ = together(lambda: sweep.disable_due(now=now, limit=500), act_in_the_window)
    assert isinstance(result, sweep.Sweep)
    return result


def somebody_waits(cursor) -> bool:
    """Whether a transaction waits for a lock that this one holds."""
    cursor.execute(_SOMEBODY_WAITS_FOR_ME)
    return bool(cursor.fetchone()[0])


def until_somebody_waits(cursor) -> None:
    until_somebody_waits_or(cursor, Event())


def until_somebody_waits_or(cursor, came: Event) -> None:
    """The other waits for this one, or came without."""
    deadline = time.monotonic() + LONGEST
    while time.monotonic() < deadline:
        if somebody_waits(cursor) or came.wait(0.005):
            return
    raise AssertionError("Nobody came into the window.")


def broken_histories() -> list[int]:
    """The ids of subscriptions whose events do not follow from one another up to what the state says.

    Each switch makes a new version; so does what else the network must know, such as another plan.
    """
    told: dict[int, tuple[bool, int]] = {}  # whether it is on, and how often that has changed
    broken = []
    events = AccessEvent.objects.order_by("pk").values_list("subscription", "was_on", "is_on")
    for key, was_on, is_on in events.iterator():
        before, switches = told.get(key, (True, 0))
        if was_on != before:
            broken.append(key)
        told[key] = (is_on, switches + (was_on != is_on))
    states = AccessState.objects.values_list("subscription", "is_on", "version")
    for key, is_on, version in states:
        ended_on, switches = told.get(key, (True, 0))
        if is_on != ended_on or version < switches:
            broken.append(key)
    return broken


def without_locks(patch) -> None:
    """For controls: whoever moves money locks the customer, but not the access states."""
    patch.setattr(locks, "_MONEY", "SELECT id FROM billing_customer WHERE id = %s FOR NO KEY UPDATE")
    patch.setattr(locks, "_ACCESS_STATES", "SELECT %s")
    patch.setattr(locks, "access_state", lambda pk: AccessState.objects.get(pk=pk))
