"""Where the runs of a job stand on its rhythm: pure functions of a trigger and instants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger

A_DAY = timedelta(days=1)
NEXT_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Past:
    """What is known of a job: the last slot that began, whether that run was cut off and is to be done
    again, and what the job table says comes next."""

    last: datetime | None = None
    again: bool = False
    stored: datetime | None = None


def at_or_after(trigger: CronTrigger, instant: datetime) -> datetime | None:
    """The first slot that is not before an instant; None when the rhythm has none any more."""
    slot: datetime | None = trigger.get_next_fire_time(None, instant)
    return slot and slot.astimezone(UTC)  # in their own zones, instants of a repeated hour never are equal


def after(trigger: CronTrigger, instant: datetime) -> datetime | None:
    """The first slot after an instant."""
    return at_or_after(trigger, instant + NEXT_INSTANT)


def is_slot(trigger: CronTrigger, instant: datetime) -> bool:
    return at_or_after(trigger, instant) == instant


def first_due(trigger: CronTrigger, past: Past, now: datetime) -> datetime | None:
    """The slot from which on a job is to run. One that has passed was missed, and is caught up at its place.

    What ran last is the better witness; the job table is asked when nothing is known of that. An
    instant that is not in the rhythm tells that the rhythm was changed: it begins anew then.
    """
    coming = after(trigger, now)
    if past.last and past.again:
        first: datetime | None = past.last
    elif past.last and is_slot(trigger, past.last):
        first = after(trigger, past.last)
    elif past.stored and coming and past.stored <= coming and is_slot(trigger, past.stored):
        first = past.stored
    else:
        first = coming
    return _within_a_day(trigger, first, now)


def _within_a_day(trigger: CronTrigger, first: datetime | None, now: datetime) -> datetime | None:
    """After more than a day a slot within the last day stands for all the missed ones, if there is any."""
    recent = at_or_after(trigger, now - A_DAY)
    return recent if first and recent and first < recent <= now else first
