"""Data caps: who has used up the quota is slower or in the garden until the period ends (rule E6, decision 52)."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from billing.models import AccessEvent, DataUse, NetworkFinding, NetworkIntent, UsageDay
from billing.rules.network import GIGABYTE
from billing.services import access, endings, holds, payments
from billing.services.network import policy, usage
from tests.builders import access_of, at, issue_due, make_plan
from tests.services.network.situations import make_online_subscription, make_router, policy_of
from tests.services.network.usage_of import GARDEN, THROTTLE, is_blocked, make_capped_subscription, use, use_of
from utils.background_tasks import count_usage

pytestmark = pytest.mark.django_db

NOW = at("2026-03-10T12:00:00")
NEXT = at("2026-04-01T00:00:00")


@pytest.fixture(autouse=True)
def settled():
    policy.follow()


@pytest.mark.parametrize("mode", ["prepaid", "postpaid"])
def test_the_quota_is_used_up_by_what_was_used_since_the_period_began(mode):
    anna = make_capped_subscription(mode=mode)
    use(anna, at("2026-02-28T23:59:59"), 90)
    use(anna, at("2026-03-01T00:00:00"), 4)
    assert usage.count(now=NOW).counted == 1
    assert use_of(anna) == (4 * GIGABYTE, False)
    use(anna, NOW, 1)
    usage.count(now=NOW)
    assert use_of(anna) == (5 * GIGABYTE, True)
    assert usage.of(anna, now=NOW).is_over


def test_it_is_slower_over_the_quota_and_as_before_in_the_next_period():
    make_router()
    now = timezone.now()
    anna = make_capped_subscription()
    use(anna, now, 5)
    NetworkIntent.objects.all().delete()
    assert count_usage() == 1
    assert (policy_of(anna)["down_kbps"], policy_of(anna)["up_kbps"]) == (512, 256)
    assert access_of(anna).is_on and NetworkIntent.objects.get().subscription == anna
    NetworkIntent.objects.all().delete()
    usage.count(now=now + timedelta(days=32))
    assert (policy_of(anna)["down_kbps"], policy_of(anna)["up_kbps"]) == (10000, 2000)
    assert NetworkIntent.objects.get().subscription == anna


def test_e6_the_garden_is_a_block_that_the_next_period_closes():
    anna = make_capped_subscription(beyond=GARDEN)
    use(anna, NOW, 6)
    assert usage.count(now=NOW).opened == 1
    assert not access_of(anna).is_on and policy_of(anna)["state"] == "garden"
    assert usage.count(now=NEXT - timedelta(seconds=1)).counted == 0 and is_blocked(anna)
    assert usage.count(now=NEXT).closed == 1
    assert access_of(anna).is_on and policy_of(anna)["state"] == "on"
    events = AccessEvent.objects.filter(subscription=anna).order_by("pk").values_list("reason", "rule", "is_on")
    assert list(events) == [("quota", "E6", False), ("quota", "E6", True)]


def test_e6_a_payment_gives_no_quota_back():
    anna = make_capped_subscription(beyond=GARDEN)
    bill = issue_due(anna, now=at("2026-01-01"))[0]
    use(anna, NOW, 6)
    usage.count(now=NOW)
    payments.receive(customer=anna.customer, amount=bill.total, method="cash", now=NOW)
    usage.count(now=NOW)
    assert is_blocked(anna) and not access_of(anna).is_on


def test_e6_with_the_next_period_other_reasons_stay():
    anna = make_capped_subscription(beyond=GARDEN)
    use(anna, NOW, 6)
    usage.count(now=NOW)
    access.disable(subscription=anna, now=NOW)
    usage.count(now=NEXT)
    assert not is_blocked(anna) and is_blocked(anna, "manual") and not access_of(anna).is_on


def test_l3_the_period_ends_on_hold_too():
    anna = make_capped_subscription(beyond=GARDEN)
    use(anna, NOW, 6)
    usage.count(now=NOW)
    holds.hold(subscription=anna, starts_on=NOW.date(), now=NOW)
    usage.count(now=NEXT)
    assert not is_blocked(anna) and is_blocked(anna, "hold") and use_of(anna) == (0, False)


def test_with_the_end_of_the_subscription_nothing_is_left_of_it():
    anna = make_capped_subscription(beyond=GARDEN)
    use(anna, NOW, 6)
    usage.count(now=NOW)
    endings.end(subscription=anna, on=date(2026, 3, 20), now=NOW)
    usage.count(now=NOW)
    assert is_blocked(anna) and DataUse.objects.get().period_end == date(2026, 3, 20)
    usage.count(now=at("2026-03-20T00:00:00"))
    assert not is_blocked(anna) and use_of(anna) is None
    assert usage.of(type(anna).objects.get(pk=anna.pk), now=at("2026-03-20T00:00:00")) is None


@pytest.mark.parametrize(
    ("zone", "midnight"), [("Asia/Dhaka", "2026-03-31T18:00:00"), ("America/Lima", "2026-04-01T05:00:00")]
)
def test_t5_the_quota_begins_anew_at_local_midnight(settings, zone, midnight):
    settings.TIME_ZONE = zone
    policy.follow()
    anna = make_capped_subscription(beyond=GARDEN)
    use(anna, at(midnight) - timedelta(seconds=1), 6)
    usage.count(now=at(midnight) - timedelta(seconds=1))
    assert is_blocked(anna)
    use(anna, at(midnight), 2)
    usage.count(now=at(midnight))
    assert not is_blocked(anna) and use_of(anna) == (2 * GIGABYTE, False)


def test_a_renewal_that_is_dated_anew_begins_a_period():
    anna = make_capped_subscription(beyond=GARDEN)
    use(anna, NOW, 6)
    usage.count(now=NOW)
    anna.anchor = date(2026, 3, 12)
    anna.save(update_fields=["anchor"])
    usage.count(now=at("2026-03-12T09:00:00"))
    assert not is_blocked(anna) and access_of(anna).is_on
    assert DataUse.objects.get().period_start == date(2026, 3, 12)


def test_a_late_packet_of_the_former_period_counts_there():
    anna = make_capped_subscription()
    use(anna, NEXT, 1)
    usage.count(now=NEXT)
    use(anna, NEXT - timedelta(minutes=1), 50)
    usage.count(now=NEXT)
    assert use_of(anna) == (GIGABYTE, False)


def test_who_has_no_quota_costs_nothing(django_assert_num_queries):
    for _ in range(3):
        use(make_online_subscription(), NOW, 500)
    with django_assert_num_queries(3):
        assert usage.count(now=NOW).counted == 0
    assert not DataUse.objects.exists() and not UsageDay.objects.filter(is_uncounted=True).exists()


def test_the_work_grows_by_batches_and_not_by_customers(django_assert_max_num_queries, monkeypatch):
    for _ in range(20):
        use(make_capped_subscription(), NOW, 1)
    with django_assert_max_num_queries(15):
        assert usage.count(now=NOW).counted == 20
    UsageDay.objects.update(is_uncounted=True)
    monkeypatch.setattr(usage, "BATCH", 3)
    monkeypatch.setattr(usage, "LOOK_AHEAD", 2)
    assert usage.count(now=NOW).counted == 20
    assert usage.count(now=NOW).counted == 0


def test_one_that_cannot_be_counted_is_listed_told_of_once_and_tried_again_and_the_others_are_counted(caplog):
    good, bad, other = (make_capped_subscription() for _ in range(3))
    for one in (good, bad, other):
        use(one, NOW, 6)
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE billing_datause ADD CONSTRAINT refused CHECK (subscription_id <> %s) NOT VALID", [bad.pk]
        )
        runs = [usage.count(now=NOW) for _ in range(2)]
        assert [list(run.set_aside) for run in runs] == [[bad.pk], [bad.pk]]
        assert caplog.text.count("refused") == 1 and caplog.text.count(bad.login) == 1
        assert use_of(good) == use_of(other) == (6 * GIGABYTE, True) and use_of(bad) is None
        finding = NetworkFinding.objects.get(resolved_at=None)
        assert (finding.kind, finding.login) == ("not-counted", bad.login) and "refused" in finding.detail
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; ALTER TABLE billing_datause DROP CONSTRAINT refused")
    assert usage.count(now=NOW).counted == 1 and use_of(bad) == (6 * GIGABYTE, True)
    assert not NetworkFinding.objects.filter(resolved_at=None).exists()


def test_old_days_are_forgotten_unless_they_count(settings):
    settings.USAGE_HISTORY_DAYS = 100
    yearly = make_capped_subscription(interval_count=1, interval_unit="year")
    anna = make_online_subscription()
    for one in (yearly, anna):
        for day in ("2025-12-31", "2026-01-05", "2026-11-20"):
            use(one, at(day), 1)
    usage.count(now=at("2026-11-25"))
    assert usage.forget(now=at("2026-11-25")) == 3
    assert UsageDay.objects.filter(subscription=anna).count() == 1
    assert use_of(yearly) == (2 * GIGABYTE, False)
    assert UsageDay.objects.filter(subscription=yearly).count() == 2


def test_e12_it_is_explained(settings):
    anna = make_capped_subscription(beyond=GARDEN)
    use(anna, NOW, 6)
    usage.count(now=NOW)
    told = access.explain(anna, NOW)
    assert not told.has_access and "quota of its plan is used up" in " ".join(told.sentences)
    assert told.next.at == NEXT
    assert access.explain(anna, NEXT, now=NOW).has_access


def test_a_plan_that_slows_down_to_less_than_it_had_before_is_the_only_difference():
    """The whole policy over the quota is that of the plan but for its speeds."""
    now = timezone.now()
    anna = make_capped_subscription(beyond=THROTTLE, pool="homes", address_list="customers", fixed_address="10.9.9.9")
    before = policy_of(anna)
    use(anna, now, 5)
    usage.count(now=now)
    after = policy_of(anna)
    assert {name for name in before if before[name] != after[name]} == {"down_kbps", "up_kbps", "class"}
    assert before["class"].rpartition("-")[2] == after["class"].rpartition("-")[2]  # a session can be changed as it is
    assert make_plan().quota_gb is None
