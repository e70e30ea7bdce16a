"""Who would be cut at an instant, and why; nothing is changed (rule E13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import BigIntegerField, Count, F, Min, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from billing.models import AccessState, Area, Bill, OnlineSession, Plan, Router, SweepFinding, SweepRun
from billing.models.fields import MoneyField
from billing.rules.errors import Refused
from billing.rules.periods import start_of_day
from billing.services import clock, followed_policy, policy, wording
from billing.services.wording import counted, instant
from billing.words import gettext_noop

FARTHEST = timedelta(days=366)
COLUMNS = (
    "customer",
    "name",
    "phone",
    "area",
    "login",
    "plan",
    "owed",
    gettext_noop("unpaid bills"),
    gettext_noop("due since"),
    gettext_noop("cut at"),
)
LEFT = Sum(F("total") - F("allocated"), output_field=MoneyField())


class WouldCut(NamedTuple):
    """One subscription that is due, and what its customer owes; ``cut_at`` is when it may be cut first."""

    subscription_id: int
    customer_id: int
    customer_code: str
    customer_name: str
    phone: str
    area: str
    login: str
    plan: str
    owed: Decimal
    bills: int
    due_on: date
    cut_at: datetime


class Chosen(NamedTuple):
    """Of which area, plan and held run, None for all; ``areas`` are those that somebody is limited to."""

    area: Area | None = None
    plan: Plan | None = None
    run: SweepRun | None = None
    areas: frozenset[int] | None = None


class Totals(NamedTuple):
    """How many are due, of how many customers, and what these owe."""

    subscriptions: int
    customers: int
    owed: Decimal


ALL = Chosen()


@dataclass(frozen=True)
class Preview:
    """What a sweep would do at ``at``: how many are due, and why it would do something else, if so."""

    at: datetime
    due: int
    remarks: list[str]


def preview(at: datetime, *, now: datetime) -> Preview:
    """What the sweep would do at ``at`` if nothing changed until then.

    Raises:
        Refused: ``at`` is in the past or more than a year ahead.
    """
    if at < now:
        raise Refused("That instant is over. What happened is in the access events; ask for a later one.")
    if at > now + FARTHEST:
        raise Refused(
            "That is too far ahead: bills for it are not issued yet. Ask for {now} at most.",
            now=instant(now + FARTHEST),
        )
    due = due_at(at)
    return Preview(at, due, _remarks(_obstacle(due, at)))


def last_cut(days: int, *, now: datetime) -> datetime:
    """The last instant at which cuts may happen through the day that is ``days`` ahead; its end when there is none."""
    working = _working_days(days, now)
    return _end_of(working[-1] if working else clock.local_date(now) + timedelta(days=days))


def due_at(at: datetime, chosen: Chosen = ALL) -> int:
    """How many are due at ``at``."""
    return _due(at, chosen).count()


def outlook(days: int, *, now: datetime) -> Preview:
    """What the sweeps do through the day that is ``days`` ahead, if nothing changes until then."""
    at, before = last_cut(days, now=now), 0
    working = _working_days(days, now)
    for day in working:
        due = due_at(_end_of(day))
        if _is_held(due - before):
            held = counted(due - before, "subscription")
            because = _("On {day} the circuit breaker would hold {held} until staff confirm the run.").format(
                day=wording.day(day), held=held
            )
            return Preview(at, due_at(at), _remarks(because))
        before = due
    because = (
        ""
        if working
        else _("There are no cuts until {first_cut}.").format(first_cut=instant(policy.calendar().first_cut(at)))
    )
    return Preview(at, due_at(at), _remarks(because))


def totals(at: datetime, chosen: Chosen = ALL) -> Totals:
    """Those who are due at ``at``, counted and summed up."""
    due = _due(at, chosen)
    found = due.aggregate(subscriptions=Count("pk"), customers=Count("subscription__customer", distinct=True))
    bills = Bill.objects.filter(customer__in=due.values("subscription__customer"), status=Bill.Status.OPEN)
    return Totals(**found, owed=bills.aggregate(left=LEFT)["left"] or Decimal(0))


def by_router(at: datetime, chosen: Chosen = ALL) -> list[tuple[Router | None, int]]:
    """How many of those who are due at ``at`` are at each router, most first: online there, or with their entry there.

    None stands for those who are at no router; empty when there is no router at all.
    """
    routers = Router.objects.in_bulk()
    if not routers:
        return []
    online = OnlineSession.objects.filter(subscription=OuterRef("subscription")).order_by("-started_at", "-pk")
    home = F("subscription__network_account__router")
    place = Coalesce(Subquery(online.values("router")[:1]), home, output_field=BigIntegerField())
    counts = _due(at, chosen).annotate(place=place).values("place").annotate(count=Count("pk"))
    return [(routers.get(row["place"]), row["count"]) for row in counts.order_by("-count", "place")]


def rows(at: datetime, chosen: Chosen = ALL, *, start: int = 0, stop: int | None = None) -> Iterator[WouldCut]:
    """Those who are due at ``at``, in the order of their cut-off, from the one at ``start`` to before ``stop``."""
    calendar = policy.calendar()
    open_bills = (
        Bill.objects.filter(customer=OuterRef("subscription__customer"), status=Bill.Status.OPEN)
        .order_by()
        .values("customer")
    )
    due = (
        _due(at, chosen)
        .select_related("subscription__customer__area", "subscription__plan")
        .annotate(
            owed=Subquery(open_bills.annotate(left=LEFT).values("left")),
            bills=Subquery(open_bills.annotate(count=Count("pk")).values("count")),
            due_on=Subquery(open_bills.annotate(oldest=Min("due_on")).values("oldest")),
        )
    )
    for state in due.order_by("cut_off_at", "pk")[start:stop].iterator(chunk_size=1000):
        subscription, customer = state.subscription, state.subscription.customer
        yield WouldCut(
            subscription_id=subscription.pk,
            customer_id=customer.pk,
            customer_code=customer.code,
            customer_name=customer.name,
            phone=customer.phone,
            area=customer.area.name if customer.area else "",
            login=subscription.login,
            plan=subscription.plan.name,
            owed=state.owed or Decimal(0),
            bills=state.bills or 0,
            due_on=state.due_on,
            cut_at=calendar.first_cut(state.cut_off_at),
        )


def cells(row: WouldCut) -> tuple[str | Decimal | date, ...]:
    """One row under ``COLUMNS``."""
    return (*row[2:9], str(row.bills), row.due_on, instant(row.cut_at))


def _due(at: datetime, chosen: Chosen = ALL) -> QuerySet[Any]:
    due = AccessState.objects.filter(is_on=True, cut_off_at__lte=at)
    if chosen.area:
        due = due.filter(subscription__customer__area=chosen.area)
    if chosen.areas is not None:
        due = due.filter(subscription__customer__area__in=chosen.areas)
    if chosen.plan:
        due = due.filter(subscription__plan=chosen.plan)
    if chosen.run:
        held = SweepFinding.objects.filter(run=chosen.run, kind=SweepFinding.Kind.HELD)
        due = due.filter(subscription__in=held.values("subscription"))
    return due


def _remarks(obstacle: str) -> list[str]:
    return [remark for remark in (followed_policy.pending(), obstacle) if remark]


def _end_of(day: date) -> datetime:
    return start_of_day(day + timedelta(days=1), clock.zone()) - timedelta(microseconds=1)


def _working_days(days: int, now: datetime) -> list[date]:
    calendar, today = policy.calendar(), clock.local_date(now)
    ahead = (today + timedelta(days=count) for count in range(days + 1))
    return [day for day in ahead if calendar.is_working_day(day)]


def _is_held(due: int) -> bool:
    """Whether the circuit breaker would hold a run in which so many are due; the active are counted only if need be."""
    breaker = policy.circuit_breaker()
    return due > breaker.count and breaker.is_needed(due, AccessState.objects.filter(is_on=True).count())


def _obstacle(due: int, at: datetime) -> str:
    calendar = policy.calendar()
    if not calendar.allows_cuts(at):
        return _("There are no cuts at that time; the next ones come on {first_cut}.").format(
            first_cut=instant(calendar.first_cut(at))
        )
    if _is_held(due):
        return _("The circuit breaker would hold the run until staff confirm it.")
    return ""
