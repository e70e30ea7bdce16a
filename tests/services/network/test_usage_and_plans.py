"""What was used counts against the quota of the plan that a subscription has now (rule L2, decision 52)."""

from datetime import date

import pytest

from billing.models import DataUse, Plan
from billing.rules.network import GIGABYTE
from billing.services import plan_changes
from billing.services.network import policy, usage
from tests.builders import access_of, at, issue_due, make_plan
from tests.services.network.situations import make_online_subscription
from tests.services.network.usage_of import GARDEN, THROTTLE, is_blocked, make_capped_subscription, use, use_of

pytestmark = pytest.mark.django_db

NOW = at("2026-03-10T12:00:00")


@pytest.fixture(autouse=True)
def settled():
    policy.follow()


@pytest.fixture
def blocked():
    """Who has used 6 of 5 GB, and is in the garden."""
    subscription = make_capped_subscription(5, GARDEN)
    issue_due(subscription, now=at("2026-03-01"))
    use(subscription, NOW, 6)
    usage.count(now=NOW)
    assert is_blocked(subscription)
    return subscription


def change(subscription, **plan):
    plan_changes.change_now(subscription=subscription, plan=make_plan(**plan), now=NOW)
    usage.count(now=NOW)


def test_a_plan_without_a_quota_lifts(blocked):
    change(blocked)
    assert access_of(blocked).is_on and use_of(blocked) is None


def test_a_bigger_quota_lifts_and_what_was_used_counts_on(blocked):
    change(blocked, quota_gb=7, **GARDEN)
    assert access_of(blocked).is_on and use_of(blocked) == (6 * GIGABYTE, False)
    use(blocked, NOW, 1)
    usage.count(now=NOW)
    assert is_blocked(blocked)


def test_a_plan_that_slows_down_lifts_the_block_and_slows_down(blocked):
    change(blocked, quota_gb=5, **THROTTLE)
    assert access_of(blocked).is_on and use_of(blocked) == (6 * GIGABYTE, True)


def test_a_plan_with_other_periods_begins_one(blocked):
    change(blocked, quota_gb=7, interval_unit="day", interval_count=30, **GARDEN)
    assert DataUse.objects.get().period_start == NOW.date()
    assert use_of(blocked) == (6 * GIGABYTE, False)  # all of it was used on the first day


@pytest.mark.parametrize("had_quota", [True, False])
def test_a_smaller_quota_may_be_used_up_at_once(had_quota):
    anna = make_capped_subscription(50) if had_quota else make_online_subscription()
    issue_due(anna, now=at("2026-03-01"))
    use(anna, NOW, 6)
    usage.count(now=NOW)
    change(anna, quota_gb=5, **GARDEN)
    assert is_blocked(anna) and use_of(anna) == (6 * GIGABYTE, True)


def test_what_is_changed_on_a_later_day_counts_from_then(blocked):
    other = make_plan(quota_gb=100, **GARDEN)
    plan_changes.change_at_period_end(subscription=blocked, plan=other, now=NOW)
    assert usage.count(now=NOW).counted == 0 and is_blocked(blocked)


@pytest.mark.parametrize(
    ("changes", "is_off", "kept"),
    [
        ({"quota_gb": 7}, False, (6 * GIGABYTE, False)),
        ({"quota_gb": 6}, True, (6 * GIGABYTE, True)),
        ({"quota_gb": None, "over_quota": ""}, False, None),
        (THROTTLE, False, (6 * GIGABYTE, True)),
        ({"interval_unit": "day", "interval_count": 7}, False, (0, False)),
    ],
)
def test_a_plan_that_is_edited_counts_with_the_next_run(blocked, changes, is_off, kept):
    Plan.objects.filter(pk=blocked.plan_id).update(**changes)
    now = at("2026-03-12T12:00:00")  # 7 days from 1 January on: a period begins on 12 March
    usage.count(now=now)
    assert is_blocked(blocked) is is_off is not access_of(blocked).is_on
    assert use_of(blocked) == kept


def test_a_quota_that_is_made_smaller_is_used_up_at_once():
    anna = make_capped_subscription(50)
    use(anna, NOW, 6)
    usage.count(now=NOW)
    Plan.objects.filter(pk=anna.plan_id).update(quota_gb=6)
    assert usage.count(now=NOW).counted == 1 and use_of(anna) == (6 * GIGABYTE, True)


def test_a_new_price_or_speed_lets_nobody_be_counted(blocked):
    Plan.objects.update(price=3, download_kbps=77)
    assert usage.count(now=NOW).counted == 0 and date(2026, 3, 1) == DataUse.objects.get().period_start
