"""Monthly recurring revenue, its average per customer, and churn, by month (rule S8)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from dateutil.relativedelta import relativedelta
from django.db.models import Q, Sum

from billing.models import Area, Plan, RunningMonth
from billing.services.reports import kept

MONTHS = 25  # counted anew each night: two years and the month before
LOST_AFTER_DAYS = 30  # off as unpaid
COLUMNS = (
    "month", "area_id", "plan_id", "subscriptions", "customers", "gained", "lost",
    "recurring", "recurring_gained", "recurring_lost",
)  # fmt: skip

# The price at which a period that starts on the day is sold, as a share that makes it one of a month without tax.
_PRICES = """
    price (at, plan_id, price, times, parts) AS (
        SELECT at, plan.id, coalesce((
                SELECT price FROM billing_pricebefore earlier
                WHERE plan_id = plan.id AND earlier.day > at ORDER BY earlier.day, earlier.id LIMIT 1
            ), plan.price),
            CASE interval_unit WHEN 'month' THEN 1 WHEN 'year' THEN 1 ELSE 365 END * 100,
            interval_count * CASE interval_unit WHEN 'month' THEN 1 WHEN 'year' THEN 12 WHEN 'week' THEN 84 ELSE 12 END
                * (100 + CASE WHEN inclusive THEN percent ELSE 0 END)
        FROM day CROSS JOIN billing_plan plan LEFT JOIN billing_taxrate rate ON rate.id = tax_rate_id
    )
"""

# The plan on a day before a change: that of the change before, or of the first line.
_PLANS = """
    change (at, subscription_id, plan_id) AS (
        SELECT at, subscription_id, coalesce((
            SELECT plan_id FROM billing_scheduledchange done
            WHERE done.subscription_id = later.subscription_id AND kind = 'plan' AND status = 'done' AND due_on <= at
            ORDER BY due_on DESC, id DESC LIMIT 1
        ), (
            SELECT plan_id FROM billing_billline line
            WHERE line.subscription_id = later.subscription_id AND kind = 'recurring'
            ORDER BY lower(period), id LIMIT 1
        ))
        FROM (
            SELECT DISTINCT at, subscription_id
            FROM day JOIN billing_scheduledchange ON kind = 'plan' AND status = 'done' AND due_on > at
        ) AS later
    )
"""

_COUNTED = """
    counted (at, id, customer_id, area_id, plan_id, amount) AS MATERIALIZED (
        SELECT day.at, subscription.id, customer_id, area_id, price.plan_id,
            CASE WHEN trial.subscription_id IS NOT NULL OR hold.subscription_id IS NOT NULL THEN 0
            ELSE round((price - least(
                round(coalesce(price * discount.percent / 100 + discount.fixed, 0), %(decimals)s), price
            )) * times / parts, %(decimals)s) END
        FROM day CROSS JOIN billing_subscription subscription
        JOIN billing_customer customer ON customer.id = customer_id
        LEFT JOIN change ON change.at = day.at AND change.subscription_id = subscription.id
        JOIN price ON price.at = day.at AND price.plan_id = coalesce(change.plan_id, subscription.plan_id)
        LEFT JOIN (
            SELECT at, subscription_id, coalesce(sum(percent), 0), coalesce(sum(fixed), 0)
            FROM day JOIN billing_discount ON starts_on <= at AND (ends_on IS NULL OR ends_on > at)
            GROUP BY at, subscription_id
        ) AS discount (at, subscription_id, percent, fixed)
            ON discount.at = day.at AND discount.subscription_id = subscription.id
        LEFT JOIN (
            SELECT DISTINCT at, subscription_id
            FROM day JOIN billing_unbilleddays ON reason = 'trial' AND first_day <= at AND end_day > at
        ) AS trial ON trial.at = day.at AND trial.subscription_id = subscription.id
        LEFT JOIN (SELECT DISTINCT at, subscription_id FROM day JOIN billing_hold ON days @> at) AS hold
            ON hold.at = day.at AND hold.subscription_id = subscription.id
        LEFT JOIN (
            SELECT DISTINCT at, subscription_id FROM day JOIN billing_block ON reason = 'unpaid'
                AND (opened_at AT TIME ZONE %(zone)s)::date < at - %(lost_after)s
                AND (closed_at IS NULL OR (closed_at AT TIME ZONE %(zone)s)::date > at)
        ) AS gone ON gone.at = day.at AND gone.subscription_id = subscription.id
        WHERE starts_on <= day.at AND (ends_on IS NULL OR ends_on > day.at) AND gone.subscription_id IS NULL
    )
"""

COUNTED = f"""
    WITH day (at) AS (VALUES (%(before)s::date), (%(last)s::date)), {_PRICES}, {_PLANS}, {_COUNTED}
    SELECT %(month)s::date, area_id, plan_id, count(id_after), count(DISTINCT customer_id) FILTER (WHERE is_after),
        count(id_after) FILTER (WHERE NOT is_before), count(*) FILTER (WHERE NOT is_after),
        coalesce(sum(amount_after), 0), coalesce(sum(amount_after) FILTER (WHERE NOT is_before), 0),
        coalesce(sum(amount_before) FILTER (WHERE NOT is_after), 0)
    FROM (
        SELECT coalesce(after.area_id, before.area_id), coalesce(after.plan_id, before.plan_id),
            coalesce(after.customer_id, before.customer_id), after.id, after.id IS NOT NULL, before.id IS NOT NULL,
            after.amount, before.amount
        FROM (SELECT * FROM counted WHERE at = %(last)s) AS after
        FULL JOIN (SELECT * FROM counted WHERE at = %(before)s) AS before ON before.id = after.id
    ) AS movement (
        area_id, plan_id, customer_id, id_after, is_after, is_before, amount_after, amount_before
    )
    GROUP BY GROUPING SETS ((area_id), (area_id, plan_id))
"""  # noqa: S608  (names of ours)


class Running(NamedTuple):
    """Subscriptions of a month's last day, or of today, and who came and went since the month before."""

    head: Any
    subscriptions: int
    customers: int
    gained: int
    lost: int
    recurring: Decimal
    recurring_gained: Decimal
    recurring_lost: Decimal

    @property
    def per_customer(self) -> Decimal:
        """The average revenue per customer (ARPU)."""
        return self.recurring / self.customers if self.customers else Decimal(0)

    def churn(self, before: Running | None) -> Decimal | None:
        """The lost subscriptions in percent of those at the end of the month before, None without any."""
        return Decimal(100 * self.lost) / before.subscriptions if before and before.subscriptions else None


def first_of(day: date) -> date:
    return day.replace(day=1)


def count(month: date, today: date) -> int:
    """Count the month that begins on ``month`` anew, through today at most; how many rows."""
    last = min(month + relativedelta(months=1) - timedelta(days=1), today)
    parameters = {
        **kept.Days(month, month).parameters,
        "month": month,
        "last": last,
        "before": month - timedelta(days=1),
        "lost_after": LOST_AFTER_DAYS,
    }
    return kept.replace(RunningMonth, COLUMNS, COUNTED, "month = %(month)s", parameters)


def by_month(since: date, until: date, *, area: Area | None = None, plan: Plan | None = None) -> list[Running]:
    """One row for each month that begins from ``since`` through ``until``, in order."""
    chosen = Q(plan=plan.pk) if plan else Q(plan=None)
    return _sums("month", Q(month__range=(since, until)) & chosen, area)


def by_plan(month: date, *, area: Area | None = None) -> list[Running]:
    """One row for each plan in the month that begins on ``month``, by name."""
    return _sums("plan__name", Q(month=month, plan__isnull=False, subscriptions__gt=0), area)


def _sums(head: str, chosen: Q, area: Area | None) -> list[Running]:
    rows = RunningMonth.objects.filter(chosen, **kept.of_area(area)).values(head).order_by(head)
    names: Sequence[str] = COLUMNS[3:]
    sums = rows.annotate(*(Sum(name) for name in names))
    return [Running(*row) for row in sums.values_list(head, *(f"{name}__sum" for name in names))]
