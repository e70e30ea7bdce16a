"""When a session is wrong, when a router is asked again or left alone (rules N3 to N5), and data caps. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from billing.rules.periods import Schedule

OFF = "off"
GARDEN = "garden"
GIGABYTE = 10**9

FIRST_WAIT = timedelta(seconds=2)
LAST_WAIT = timedelta(seconds=30)
REFUSED_WAIT = timedelta(minutes=5)
SPREAD = 0.3  # by this share a wait is longer or shorter, so that not all come at once

MOST_CUTS = 5
CUTS_WITHIN = timedelta(hours=1)


def wait_for_router(failures: int, *, chance: float) -> timedelta:
    """How long a router is left alone after so many failures on end, one at least; it never ends (rule N5).

    ``chance`` is a random number from 0 to 1.
    """
    doubled = FIRST_WAIT * 2 ** min(failures - 1, 10)
    return spread(min(doubled, LAST_WAIT), chance=chance)


def wait_after_refusal(*, chance: float) -> timedelta:
    """How long a router that refuses one thing is not asked for it again."""
    return spread(REFUSED_WAIT, chance=chance)


def spread(wait: timedelta, *, chance: float) -> timedelta:
    """``wait``, by up to ``SPREAD`` longer or shorter."""
    return wait * (1 - SPREAD + 2 * SPREAD * chance)


def is_wrong(*, state: str, session_class: str, wanted_class: str) -> bool:
    """Whether a session must be changed: nobody who is off has one, and each runs under the policy that is wanted."""
    return state == OFF or session_class != wanted_class


@dataclass(frozen=True)
class Cuts:
    """How often sessions of a subscription were ended since ``since``; ``is_held`` when it is to be left alone."""

    count: int = 0
    since: datetime | None = None
    is_held: bool = False

    def may_cut(self, state: str) -> bool:
        """Whether one more session may be ended. Who is off is cut however often he comes back."""
        return state == OFF or not self.is_held

    def after_cut(self, state: str, now: datetime) -> Cuts:
        """With one cut more. A router that takes no heed of policies would be told for ever: after ``MOST_CUTS``
        within ``CUTS_WITHIN`` the sessions of who may be online are left alone until something else is wanted."""
        if self.since is None or now - self.since >= CUTS_WITHIN:
            return Cuts(1, now, self.is_held)
        count = self.count + 1
        return Cuts(count, self.since, self.is_held or (state != OFF and count >= MOST_CUTS))


@dataclass(frozen=True)
class Cap:
    """What a plan lets a subscription use in a period, both ways together, and what happens from then on."""

    quota_gb: int
    over_quota: str

    def is_over(self, used_bytes: int) -> bool:
        return used_bytes >= self.quota_gb * GIGABYTE

    def blocks(self, used_bytes: int) -> bool:
        """Whether there is no access any more, and not merely less speed (rule E6)."""
        return self.over_quota == GARDEN and self.is_over(used_bytes)


def quota_days(schedule: Schedule, day: date, ends_on: date | None = None) -> tuple[date, date]:
    """The half-open days, ``day`` among them, whose use counts together: its billing period (rules T2, T3).

    A period is not shared across the anchor: a trial before it and what was on another grid count for themselves.
    ``ends_on`` is the first day without the service, after ``day``.
    """
    period, anchor = schedule.holding(day), schedule.anchor
    start, end = (max(period.start, anchor), period.end) if anchor <= day else (period.start, min(period.end, anchor))
    return start, min(end, ends_on or end)
