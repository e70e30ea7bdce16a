"""What in the business needs staff at once, in words: for alarms."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Count, Min
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from billing.models import AccessState, BillingState, Subscription, SweepFinding, SweepRun
from billing.services import clock, summary
from billing.services.wording import counted


class Trouble(NamedTuple):
    """One trouble: what it is ``about``, unique in its kind, and a sentence or two for staff."""

    about: str
    text: str


def held_runs(now: datetime) -> Iterator[Trouble]:
    """The run that the circuit breaker holds (rule E14)."""
    for run in SweepRun.objects.filter(status=SweepRun.Status.HELD):
        yield Trouble(str(run.pk), _("{held}. Nobody is disabled until staff confirm the run").format(held=held(run)))


def held(run: SweepRun) -> str:
    """That the circuit breaker holds ``run``, and why."""
    those = _("{looked_at} of {active} active subscriptions").format(
        looked_at=f"{run.looked_at:,}", active=f"{run.active:,}"
    )
    return _("The circuit breaker holds {run}: {those} would be disabled").format(run=run, those=those)


def not_disabled(now: datetime) -> Iterator[Trouble]:
    """The subscriptions that the last expiry check set aside, as long as they are due."""
    if found := set_aside(now):
        text = _("The expiry check cannot disable {counted}").format(counted=counted(len(found), "subscription"))
        yield Trouble(
            "sweep",
            _("{text}, such as {subscription}: {error}").format(
                text=text, subscription=found[0].subscription, error=found[0].error
            ),
        )


def set_aside(now: datetime) -> list[SweepFinding]:
    """What the last expiry check that set something aside found, as far as it is still due."""
    due = AccessState.objects.filter(is_on=True, cut_off_at__lte=now)
    found = SweepFinding.objects.filter(kind=SweepFinding.Kind.SET_ASIDE)
    if not due.exists() or not (last := found.last()):
        return []
    still = found.filter(run=last.run_id, subscription__access_state__in=due)
    return list(still.select_related("subscription", "run"))


def not_billed(now: datetime) -> Iterator[Trouble]:
    """The subscriptions that the billing run set aside, one trouble for each day (rule B7)."""
    since = TruncDate("review_since", tzinfo=clock.zone())
    days = summary.needs_review(BillingState.objects.all()).values(day=since)
    for day, count, first in days.annotate(count=Count("pk"), first=Min("pk")).values_list("day", "count", "first"):
        subscription = Subscription.objects.select_related("billing_state").get(pk=first)
        text = _("{counted} set aside by the billing run on {day}, not billed until reviewed").format(
            counted=counted(count, "subscription"), day=day
        )
        yield Trouble(
            str(day),
            _("{text}, such as {subscription}: {review}").format(
                text=text, subscription=subscription, review=subscription.billing_state.review
            ),
        )
