"""Random histories of use, changes of plan and runs: what is kept is what a dictionary says (decision 52)."""

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings, strategies

from billing.models import DataUse, Subscription, UsageDay
from billing.rules.network import GIGABYTE
from billing.services import books
from billing.services.network import policy, usage
from tests.builders import access_of, at, make_plan
from tests.services.network.situations import make_online_subscription
from tests.services.network.usage_of import GARDEN, THROTTLE, is_blocked, use

BEGIN = at("2026-01-20T17:00:00")
OFFSET = timedelta(hours=6)  # of Asia/Dhaka, which has no clock change

STEPS = strategies.one_of(
    strategies.tuples(strategies.just("use"), strategies.integers(1, 15)),  # tenths of a GB
    strategies.tuples(strategies.just("late"), strategies.integers(1, 15)),  # reported for yesterday
    strategies.tuples(strategies.just("wait"), strategies.integers(1, 24 * 9)),  # hours
    strategies.tuples(strategies.just("plan"), strategies.integers(0, 4)),
    strategies.tuples(strategies.just("count"), strategies.integers(1, 2)),
)


class Life:
    """One subscriber beside what should be known of it: bytes by local day, and the plan."""

    def __init__(self):
        self.plans = [
            make_plan(),
            make_plan(quota_gb=1, **GARDEN),
            make_plan(quota_gb=3, **GARDEN),
            make_plan(quota_gb=2, **THROTTLE),
            make_plan(quota_gb=4, **THROTTLE),
        ]
        self.subscription = make_online_subscription()
        self.now, self.days = BEGIN, Counter()
        self.plan(1)

    def use(self, tenths, *, ago=timedelta()):
        moment = self.now - ago
        use(self.subscription, moment, tenths / 10)
        self.days[(moment + OFFSET).date()] += tenths * GIGABYTE // 10

    def late(self, tenths):
        self.use(tenths, ago=timedelta(days=1))

    def wait(self, hours):
        self.now += timedelta(hours=hours)

    def plan(self, number):
        self.current = self.plans[number]
        Subscription.objects.filter(pk=self.subscription.pk).update(plan=self.current)

    def count(self, times):
        for _ in range(times):
            usage.count(now=self.now)
        self.compare()

    def compare(self):
        month = (self.now + OFFSET).date().replace(day=1)
        used = sum(count for day, count in self.days.items() if day.replace(day=1) == month)
        quota, kept = self.current.quota_gb, DataUse.objects.filter(pk=self.subscription.pk).first()
        is_over = quota is not None and used >= quota * GIGABYTE
        if quota is None:
            assert kept is None
        elif kept is None:
            assert used == 0
        else:
            assert (kept.period_start, kept.used_bytes, kept.is_over) == (month, used, is_over)
        is_off = is_over and self.current.over_quota == "garden"
        assert is_blocked(self.subscription) is is_off is not access_of(self.subscription).is_on
        assert not UsageDay.objects.filter(subscription=self.subscription, is_uncounted=True).exists()


@pytest.mark.django_db
@given(steps=strategies.lists(STEPS, min_size=5, max_size=30))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_used_is_the_sum_of_the_period_and_over_is_used_up(settings, steps):
    settings.TIME_ZONE = "Asia/Dhaka"
    policy.follow()
    life = Life()
    for what, value in steps:
        getattr(life, what)(value)
    life.count(1)
    books.require(books.verify(now=life.now))


@pytest.mark.django_db
def test_control_the_histories_meet_midnights_of_periods(settings):
    """The dictionary's month and ours part in UTC: the day on which a period begins is the local one."""
    settings.TIME_ZONE = "Asia/Dhaka"
    policy.follow()
    life = Life()
    life.now = at("2026-01-31T17:59:00")
    life.use(12)
    life.count(1)
    assert is_blocked(life.subscription)
    life.now = at("2026-01-31T18:00:00")
    life.count(1)
    assert not is_blocked(life.subscription)
    assert DataUse.objects.get().period_start == date(2026, 2, 1)
