"""What subscriptions are billed next: read for many at once, decided by the rules (rules T3, B1, B5)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection

from billing.models import Discount, Hold, Plan, PriceBefore, ScheduledChange
from billing.rules.discounts import Discount as DiscountRule
from billing.rules.discounts import charged
from billing.rules.periods import Interval, Period, Schedule, Unit
from billing.rules.proration import prorated
from billing.services import terms
from billing.services.terms import CustomerTerms

_SERVICES = """
    SELECT
        subscription.id, subscription.customer_id, login, plan_id, anchor, ends_on, billed_until,
        EXISTS (
            SELECT FROM billing_block
            WHERE subscription_id = subscription.id AND reason = 'unpaid' AND closed_at IS NULL
        ),
        EXISTS (SELECT FROM billing_hold WHERE subscription_id = subscription.id AND settled_at IS NULL)
        OR EXISTS (
            SELECT FROM billing_scheduledchange
            WHERE subscription_id = subscription.id AND kind = 'plan' AND status = 'pending'
        )
        OR EXISTS (SELECT FROM billing_discount WHERE subscription_id = subscription.id),
        customer.due_days, customer.grace_days, customer.created_at
    FROM billing_subscription subscription
    JOIN billing_customer customer ON customer.id = subscription.customer_id
    JOIN billing_billingstate state ON state.subscription_id = subscription.id
    WHERE subscription.id = ANY(%s)
"""


class Service(NamedTuple):
    """A subscription as far as its bills depend on it; ``is_special`` when there are holds, discounts or a change."""

    subscription_id: int
    customer_id: int
    login: str
    plan_id: int
    anchor: date
    ends_on: date | None
    billed_until: date
    is_unpaid: bool
    is_special: bool
    customer_terms: CustomerTerms


class Proposal(NamedTuple):
    """One period of one subscription, priced: a line of a bill to come."""

    service: Service
    plan: Plan
    anchor: date
    period: Period
    price: Decimal
    discount: Decimal
    amount: Decimal
    issue_on: date


class Outlook:
    """Everything that decides the next periods of some subscriptions."""

    def __init__(self, subscription_ids: Collection[int]) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_SERVICES, [list(subscription_ids)])
            self.services = {row[0]: Service._make((*row[:-3], CustomerTerms(*row[-3:]))) for row in cursor.fetchall()}
        self._holds: dict[int, list[Hold]] = {}
        self._changes: dict[int, ScheduledChange] = {}
        self._discounts: dict[int, list[Discount]] = {}
        if special := [service.subscription_id for service in self.services.values() if service.is_special]:
            self._read_special(special)
        plan_ids = [service.plan_id for service in self.services.values()]
        plan_ids += [change.plan_id for change in self._changes.values() if change.plan_id]
        self.plans = Plan.objects.select_related("tax_rate").in_bulk(set(plan_ids))

    def _read_special(self, ids: Sequence[int]) -> None:
        """What only some subscriptions have."""
        self._holds = _grouped(Hold.objects.filter(subscription__in=ids, settled_at=None).order_by("days"))
        changes = ScheduledChange.objects.filter(
            subscription__in=ids, kind=ScheduledChange.Kind.PLAN, status=ScheduledChange.Status.PENDING
        )
        self._changes = {change.subscription_id: change for change in changes}
        self._discounts = _grouped(Discount.objects.filter(subscription__in=ids))

    @cached_property
    def _earlier_prices(self) -> dict[int, list[PriceBefore]]:
        prices: dict[int, list[PriceBefore]] = defaultdict(list)
        for earlier in PriceBefore.objects.filter(plan__in=self.plans).order_by("day", "pk"):
            prices[earlier.plan_id].append(earlier)
        return prices

    def propose(self, subscription_id: int, start: date | None = None) -> Proposal | None:
        """The period from ``start`` on, priced; by default the next one to bill. None when there is none."""
        service = self.services[subscription_id]
        found = self._next(service, service.billed_until if start is None else start)
        if found is None:
            return None
        plan, anchor, period = found
        price = self._price_at(plan, period.start)
        discounts = tuple(self._discounts_at(subscription_id, period.start))
        full, amount = _amounts(price, discounts, period, settings.CURRENCY)
        return Proposal(service, plan, anchor, period, price, full - amount, amount, terms.issue_on(plan, period))

    def bill_on(self, subscription_id: int, billed_until: date) -> date | None:
        """When the bill of the period that starts at ``billed_until`` is due to be issued, if there is one."""
        found = self._next(self.services[subscription_id], billed_until)
        if found is None:
            return None
        plan, _, period = found
        return terms.issue_on(plan, period)

    def _next(self, service: Service, start: date) -> tuple[Plan, date, Period] | None:
        """The plan, its anchor and the period from ``start`` on.

        There is none after the end, during a hold, and while a subscription is disabled as unpaid
        whose plan is not billed meanwhile.
        """
        plan, anchor = self._plan_at(service, start)
        if service.is_unpaid and not plan.goes_on_while_unpaid:
            return None
        stop = self._stop(service, start)
        if stop is not None and stop <= start:
            return None
        rhythm = plan.interval_count, plan.interval_unit, plan.billing_day
        return plan, anchor, _slice(anchor, rhythm, start, stop)

    def _plan_at(self, service: Service, start: date) -> tuple[Plan, date]:
        """The plan of a period that starts on ``start``, and the anchor of its grid."""
        plan = self.plans[service.plan_id]
        change = self._changes.get(service.subscription_id)
        if change is None or change.due_on > start:
            return plan, service.anchor
        new = self.plans[change.plan_id]
        return new, service.anchor if new.has_grid_of(plan) else max(change.due_on, service.anchor)

    def _stop(self, service: Service, start: date) -> date | None:
        """The first day after ``start`` that its period must not reach into."""
        holds = self._holds.get(service.subscription_id, ())
        change = self._changes.get(service.subscription_id)
        stops = [hold.days.lower for hold in holds if hold.days.upper is None or hold.days.upper > start]
        if change is not None and change.due_on > start:
            stops.append(change.due_on)
        if service.ends_on is not None:
            stops.append(service.ends_on)
        return min(stops, default=None)

    def _price_at(self, plan: Plan, start: date) -> Decimal:
        for earlier in self._earlier_prices[plan.pk]:
            if earlier.day > start:
                return Decimal(earlier.price)
        return Decimal(plan.price)

    def _discounts_at(self, subscription_id: int, start: date) -> list[DiscountRule]:
        return [
            discount.rule
            for discount in self._discounts.get(subscription_id, ())
            if discount.starts_on <= start and (discount.ends_on is None or start < discount.ends_on)
        ]


# Thousands of subscriptions have the same few periods and amounts.
@lru_cache(maxsize=1 << 14)
def _slice(anchor: date, rhythm: tuple[int, str, int | None], start: date, stop: date | None) -> Period:
    count, unit, billing_day = rhythm
    return Schedule(anchor, Interval(count, Unit(unit)), billing_day).slice_from(start, stop)


@lru_cache(maxsize=1 << 14)
def _amounts(
    price: Decimal, discounts: tuple[DiscountRule, ...], period: Period, currency: str
) -> tuple[Decimal, Decimal]:
    """What a period costs without the discounts, and with them."""
    return prorated(price, period, currency), charged(price, discounts, period, currency)


def _grouped(rows: Iterable[Any]) -> dict[int, list[Any]]:
    groups: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        groups[row.subscription_id].append(row)
    return groups
