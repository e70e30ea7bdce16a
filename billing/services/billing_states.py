"""How far subscriptions are billed, and when their next bill is due (rules B1, B9)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime

from django.db import connection

from billing.models import BillingState, UnbilledDays
from billing.services import clock
from billing.services.arrays import array
from billing.services.outlook import Outlook, Proposal

REVIEW_LENGTH = BillingState._meta.get_field("review").max_length

_WRITE = """
    UPDATE billing_billingstate state SET billed_until = new.billed_until, bill_on = new.bill_on,
        review = '', review_since = NULL
    FROM unnest(%s::bigint[], %s::date[], %s::date[]) AS new (subscription_id, billed_until, bill_on)
    WHERE state.subscription_id = new.subscription_id
"""

_WRITE_DATES = """
    UPDATE billing_billingstate state SET bill_on = new.bill_on
    FROM unnest(%s::bigint[], %s::date[]) AS new (subscription_id, bill_on)
    WHERE state.subscription_id = new.subscription_id AND state.bill_on IS DISTINCT FROM new.bill_on
"""

_FORGO = """
    WITH forgone AS (
        INSERT INTO billing_unbilleddays (subscription_id, first_day, end_day, reason, recorded_at)
        SELECT state.subscription_id, billed_until, least(%(today)s, ends_on), 'unpaid', %(now)s
        FROM billing_billingstate state
        JOIN billing_subscription subscription ON subscription.id = state.subscription_id
        WHERE subscription.id = ANY(%(ids)s) AND billed_until < least(%(today)s, ends_on)
        RETURNING subscription_id, end_day
    )
    UPDATE billing_billingstate state SET billed_until = end_day
    FROM forgone WHERE state.subscription_id = forgone.subscription_id
"""

_HELD_UP = "SELECT billing_held_up(%s, %s)"


def follow(outlook: Outlook, billed: Iterable[Proposal]) -> None:
    """The periods of ``billed`` are on a bill now: the next ones start where they end."""
    _write(outlook, {line.service.subscription_id: line.period.end for line in billed})


def refresh(subscription_ids: Collection[int]) -> None:
    """Find anew when the next bills are due, after something changed that decides it."""
    outlook = Outlook(subscription_ids)
    _write(outlook, {service.subscription_id: service.billed_until for service in outlook.services.values()})


def refresh_dates(subscription_ids: Collection[int]) -> None:
    """As ``refresh``, but those that were set aside stay there."""
    outlook = Outlook(subscription_ids)
    dates = {key: outlook.bill_on(key, service.billed_until) for key, service in outlook.services.items()}
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_DATES, [array(dates), array(dates.values())])


def skip_to(subscription_id: int, day: date, *, reason: str, now: datetime) -> None:
    """Never bill the days from where the bills end to ``day``; nothing when they reach further."""
    state = BillingState.objects.get(pk=subscription_id)
    if state.billed_until < day:
        UnbilledDays.objects.create(
            subscription_id=subscription_id, first_day=state.billed_until, end_day=day, reason=reason, recorded_at=now
        )
        BillingState.objects.filter(pk=subscription_id).update(billed_until=day)


def turn_back(subscription_id: int, day: date) -> None:
    """Nothing from ``day`` on is billed or skipped any more: what comes next starts there."""
    skipped = UnbilledDays.objects.filter(subscription=subscription_id)
    skipped.filter(first_day__gte=day).delete()
    skipped.filter(end_day__gt=day).update(end_day=day)
    BillingState.objects.filter(pk=subscription_id, billed_until__gt=day).update(billed_until=day)


def set_aside(reasons: Mapping[int, str], *, now: datetime) -> None:
    """Leave subscriptions out of the billing run until staff have looked at them (rule B7)."""
    for subscription_id, reason in reasons.items():
        BillingState.objects.filter(pk=subscription_id).update(review=reason[:REVIEW_LENGTH], review_since=now)


def held_up(subscription_ids: Collection[int], *, now: datetime) -> list[int]:
    """Those of which something was not billed, or was renewed in vain, while they were disabled as unpaid."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD_UP, [list(subscription_ids), clock.local_date(now)])
        return [row[0] for row in cursor.fetchall()]


def forgo(subscription_ids: Collection[int], *, now: datetime) -> None:
    """Never bill what was not billed until today while subscriptions were disabled as unpaid (rule B9)."""
    with connection.cursor() as cursor:
        cursor.execute(_FORGO, {"ids": list(subscription_ids), "today": clock.local_date(now), "now": now})


def resume(subscription_ids: Collection[int], *, now: datetime) -> None:
    """Bill subscriptions again that are not disabled as unpaid any more; what was not billed
    meanwhile is never billed later (rule B9)."""
    waited = BillingState.objects.filter(pk__in=subscription_ids).select_related("subscription__plan")
    forgo([state.pk for state in waited if not state.subscription.plan.goes_on_while_unpaid], now=now)
    refresh(subscription_ids)


def _write(outlook: Outlook, billed_until: Mapping[int, date]) -> None:
    rows = [(key, day, outlook.bill_on(key, day)) for key, day in billed_until.items()]
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(_WRITE, [array(column) for column in zip(*rows, strict=True)])
