"""The page of a customer tells how much of their quotas the subscriptions have used (decision 52)."""

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from billing.models import DataUse
from billing.services.network import policy, usage
from billing.services.wording import day
from tests.builders import at, make_customer, make_plan, make_subscription
from tests.faces.conftest import text_of, url
from tests.services.network.usage_of import THROTTLE, use

NOW = at("2026-11-10T12:00:00")


@pytest.fixture(autouse=True)
def november(today):
    policy.follow()
    today("2026-11-10")


@pytest.fixture
def capped():
    return make_plan(quota_gb=100, **THROTTLE)


def test_it_tells_what_was_used_of_how_much_and_until_when(admin_client, capped):
    anna = make_subscription(plan=capped)
    use(anna, NOW, 42)
    usage.count(now=NOW)
    page = text_of(admin_client.get(url(anna.customer)))
    assert f"42.0 GB of 100 GB used in this period, until {day(date(2026, 12, 1))}" in page and "used up" not in page
    use(anna, NOW, 58)
    usage.count(now=NOW)
    page = text_of(admin_client.get(url(anna.customer)))
    assert "100.0 GB of 100 GB used in this period" in page and "used up" in page


def test_what_was_counted_for_the_period_before_is_of_that_one(admin_client, capped):
    anna = make_subscription(plan=capped)
    use(anna, NOW, 42)
    usage.count(now=NOW)
    DataUse.objects.update(period_start="2026-10-01", period_end="2026-11-01")
    assert "0 bytes of 100 GB used in this period, until" in text_of(admin_client.get(url(anna.customer)))


def test_who_has_no_quota_sees_nothing_of_it(admin_client):
    anna = make_subscription()
    assert "Quota" not in text_of(admin_client.get(url(anna.customer)))


def test_more_subscriptions_with_a_quota_take_no_more_queries(admin_client, capped):
    one, many = make_customer(), make_customer()
    for customer, count in ((one, 1), (many, 4)):
        for _ in range(count):
            use(make_subscription(customer=customer, plan=capped), NOW, 1)
    usage.count(now=NOW)
    assert DataUse.objects.count() == 5
    counts = []
    for customer in (one, one, many):
        with CaptureQueriesContext(connection) as queries:
            assert "1.0 GB of 100 GB" in text_of(admin_client.get(url(customer)))
        counts.append(len(queries))
    assert counts[1] == counts[2]
