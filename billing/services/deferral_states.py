"""Which promises and exclusions run, and how many a customer has had: queries only (rule E11)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q, QuerySet

from billing.models import Exclusion, Promise, Subscription
from billing.services import clock
from billing.words import gettext_noop

DAYS_A_YEAR = 365
USUAL_DAYS = 7
TAKEN_BACK = gettext_noop("taken back")
STATES = ("running", gettext_noop("lapsed"), TAKEN_BACK)


def state(deferral: Promise | Exclusion, *, now: datetime) -> str:
    """One of ``STATES``; a promise lapses by itself."""
    if deferral.ended_at is not None:
        return TAKEN_BACK
    return "running" if deferral.not_before > now else "lapsed"


def in_state(deferrals: QuerySet[Any], wanted: str, *, now: datetime) -> QuerySet[Any]:
    """Those of which ``state`` says ``wanted``."""
    if wanted == TAKEN_BACK:
        return deferrals.exclude(ended_at=None)
    ends = Q(not_before__gt=now) if wanted == "running" else Q(not_before__lte=now)
    return deferrals.filter(ends, ended_at=None)


def running(customer_id: int, *, now: datetime, subscription: Subscription | None = None) -> list[Promise | Exclusion]:
    """The promises and exclusions of a customer that run at ``now``, without those for another ``subscription``."""
    own = Q(customer=customer_id, created_at__lte=now)
    promises = in_state(Promise.objects.filter(own), "running", now=now)
    if subscription:
        promises = promises.filter(Q(subscription=None) | Q(subscription=subscription))
    return [*promises, *in_state(Exclusion.objects.filter(own), "running", now=now)]


def given_within_a_year(customer_id: int, *, now: datetime) -> int:
    """How many promises a customer has had; those of an undone run do not count."""
    own = Promise.objects.filter(customer=customer_id, run=None)
    return own.filter(created_at__gt=now - timedelta(days=DAYS_A_YEAR)).count()


def usual_day(now: datetime) -> date:
    """The last day that a new promise has when nobody says another."""
    return clock.local_date(now) + timedelta(days=min(USUAL_DAYS, settings.PROMISE_MAX_DAYS))
