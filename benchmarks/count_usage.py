"""Counting quotas: every subscription is online, so that each was reported something since the last run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Sum

from benchmarks import installation
from benchmarks.measuring import LIMIT, LOOP, OURS, SAMPLE, Course, Race, Work
from billing.models import DataUse, Plan, Subscription, UsageDay
from billing.rules.network import Cap, quota_days
from billing.services.network import usage

WORK = Work("Use of quotas", "subscription")
MOST = 100_000  # subscriptions that are online at once
NOW = datetime(2026, 6, 28, 12, tzinfo=UTC)
DAYS = 10
QUOTA = {"quota_gb": 500, "over_quota": "throttle", "throttled_download_kbps": 512, "throttled_upload_kbps": 512}
TABLES = ("billing_usageday", "billing_datause")


def race(course: Course) -> Race:
    """Count the newest day of all who are online, one contender after the other; the loop counts a sample."""
    race, count = Race(WORK, course.size), min(course.size, MOST)
    _prepare(course.by_hand, count)
    sample = list(range(1, SAMPLE + 1))
    acts: list[tuple[str, int, Callable[[], object]]] = [
        (LIMIT, count, lambda: _by_hand(course.by_hand)),
        (OURS, count, lambda: usage.count(now=NOW)),
        (LOOP, len(sample), lambda: _loop(sample)),
    ]
    for number in range(course.rounds):
        for contender, rows, act in reversed(acts) if number % 2 else acts:
            _report(course.by_hand)
            race.run(contender, rows, act)
            assert UsageDay.objects.filter(is_uncounted=True).count() == count - rows
            assert DataUse.objects.filter(used_bytes__gt=0, is_over=False).count() == count
    race.series[LIMIT].queries = 1 / count
    _put_back(course.by_hand)
    return race


def _by_hand(connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(installation.sql("limit_count_usage"), {"today": NOW.date()})


def _loop(ids: Sequence[int]) -> None:
    """As one would write it first: the same rules, one subscription after the other."""
    for subscription in Subscription.objects.filter(pk__in=ids).select_related("plan").order_by("pk"):
        start, end = quota_days(subscription.schedule, NOW.date(), subscription.ends_on)
        with transaction.atomic():
            days = UsageDay.objects.filter(subscription=subscription)
            days.filter(is_uncounted=True).update(is_uncounted=False)
            counted = days.filter(day__gte=start, day__lt=end)
            used = counted.aggregate(used=Sum(F("download_bytes") + F("upload_bytes")))["used"] or 0
            is_over = Cap(subscription.plan.quota_gb, subscription.plan.over_quota).is_over(used)
            values = {"period_start": start, "period_end": end, "used_bytes": used, "is_over": is_over}
            DataUse.objects.update_or_create(subscription=subscription, defaults=values)


def _prepare(by_hand: Any, count: int) -> None:
    Plan.objects.update(**QUOTA)
    with by_hand.cursor() as cursor:
        cursor.execute(installation.sql("usage_days"), {"count": count, "today": NOW.date(), "days": DAYS})
    _by_hand(by_hand)
    installation.settle_down(*TABLES)


def _report(by_hand: Any) -> None:
    """As accounting leaves it."""
    with by_hand.cursor() as cursor:
        cursor.execute(
            "UPDATE billing_usageday SET download_bytes = download_bytes + 1, is_uncounted = true WHERE day = %s",
            [NOW.date()],
        )
    installation.settle_down(*TABLES)


def _put_back(by_hand: Any) -> None:
    with by_hand.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(TABLES)}")
    Plan.objects.update(**dict.fromkeys(QUOTA) | {"over_quota": ""})
