"""A year of a provider, hour by hour: everybody's access is what a plain model says (rules E1 to E11, T5, T6)."""

import os
import random
import time
from datetime import UTC, datetime

import pytest
from django.db import connection

from billing.models import Subscription
from billing.services import access, books
from tests.concurrency.windows import broken_histories
from tests.properties.year import HOUR, Year

pytestmark = pytest.mark.django_db(transaction=True)

NEW_YEAR, SPRING, DAY = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC), 24  # hours
EXPLAINED = 1 / 20  # of the hours


def off():
    with connection.cursor() as cursor:
        cursor.execute("SELECT subscription_id FROM billing_accessstate WHERE NOT is_on")
        return {row[0] for row in cursor.fetchall()}


def live(settings, *, subscriptions, start, hours, seed=None):
    seed, began = int(os.environ.get("YEAR_SEED") or seed or random.randrange(2**32)), time.monotonic()
    print(f"{subscriptions} subscriptions, {hours} hours; again with YEAR_SEED={seed}")
    settings.TIME_ZONE, settings.WEEKDAYS_WITHOUT_CUTS = "Africa/Cairo", ["fri", "sat"]  # a midnight is missing there
    settings.CUT_OFF_TIME, settings.MINIMUM_DEBT, settings.PROMISES_PER_YEAR = "09:00", "2", 6
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = off")
    year = Year(seed, subscriptions=subscriptions, start=start, zone="Africa/Cairo", settings=settings)
    services, seen_off = list(Subscription.objects.all()), 0
    for hour in range(hours):
        if hour in (hours // 3, 2 * hours // 3):
            year.change_the_minimum({hours // 3: "25", 2 * hours // 3: "0"}[hour])
        year.pass_an_hour()
        assert off() == year.model.off, f"{year.now}: {off() ^ year.model.off}"
        seen_off += len(year.model.off)
        if year.chance.random() < EXPLAINED:
            one = year.chance.choice(services)
            assert access.explain(one, year.now, now=year.now).has_access == (one.pk not in year.model.off)
    print(
        f"{year.sweeps} sweeps made {year.cuts} cuts, {seen_off / hours:.1f} were off; {time.monotonic() - began:.0f} s"
    )
    assert year.cuts > subscriptions // 5
    assert broken_histories() == []
    books.require(books.verify(now=year.now + HOUR))


def test_a_spring_of_a_small_provider(settings):
    """With the night in April that has no midnight in Cairo."""
    live(settings, subscriptions=60, start=SPRING, hours=50 * DAY, seed=2026)


@pytest.mark.heavy
@pytest.mark.timeout(1800)
def test_a_year_of_2000_subscribers(settings):
    live(settings, subscriptions=2000, start=NEW_YEAR, hours=365 * DAY)
