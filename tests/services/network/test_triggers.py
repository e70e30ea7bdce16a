"""PostgreSQL writes what the network is to do, in the transaction that decides it, whoever writes (rule N1)."""

import select
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from billing.models import (
    AccessState,
    DataUse,
    NetworkAccount,
    NetworkIntent,
    OnlineSession,
    Plan,
    Router,
    Subscription,
)
from billing.services import access, holds, sweep
from billing.services.network import sealing
from tests.builders import access_of, make_overdue_subscription, make_plan
from tests.services.network.situations import make_online_subscription, make_router

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def router():
    return make_router()


@pytest.fixture
def subscription(router):
    return make_online_subscription()


def online(subscription, router, **changes):
    values = {"unique_id": f"u{subscription.pk}", "session_id": "1", "login": subscription.login}
    now = timezone.now()
    return OnlineSession.objects.create(
        **values, subscription=subscription, router=router, started_at=now, updated_at=now, **changes
    )


def use(subscription, **changes):
    day = timezone.now().date()
    values = {"period_start": day, "period_end": day + timedelta(days=30)}
    return DataUse.objects.create(subscription=subscription, **{**values, **changes})


CHANGES = {
    "access": lambda one: AccessState.objects.filter(pk=one.pk).update(is_on=False),
    "plan": lambda one: Subscription.objects.filter(pk=one.pk).update(plan=make_plan()),
    "login": lambda one: Subscription.objects.filter(pk=one.pk).update(login="other"),
    "end": lambda one: Subscription.objects.filter(pk=one.pk).update(ends_on=timezone.now().date()),
    "address": lambda one: NetworkAccount.objects.filter(pk=one.pk).update(fixed_address="10.0.0.1"),
    "password": lambda one: NetworkAccount.objects.filter(pk=one.pk).update(password_sealed=sealing.seal("new")),
    "no account": lambda one: NetworkAccount.objects.filter(pk=one.pk).delete(),
    "over quota": lambda one: use(one, is_over=True),
    "by hand": lambda one: connection.cursor().execute(
        "UPDATE billing_accessstate SET is_on = false WHERE subscription_id = %s", [one.pk]
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_kind_of_change_makes_a_new_version_and_one_intent(subscription, change):
    NetworkIntent.objects.all().delete()
    before = access_of(subscription).version
    change(subscription)
    intent = NetworkIntent.objects.get()
    assert intent.wanted_version == access_of(subscription).version == before + 1
    assert (intent.subscription, intent.applied_version, intent.attempts, intent.leased_by) == (
        subscription, None, 0, "",
    )  # fmt: skip


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_is_rolled_back_leaves_none(subscription, change):
    NetworkIntent.objects.all().delete()
    before = access_of(subscription).version
    with transaction.atomic():
        change(subscription)
        assert NetworkIntent.objects.exists()
        transaction.set_rollback(True)
    assert not NetworkIntent.objects.exists() and access_of(subscription).version == before


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("is_there", [False, True], ids=["no router", "an inactive router"])
def test_n6_without_an_active_router_nothing_is_wished_for(change, is_there):
    if is_there:
        make_router(is_active=False)
    subscription = make_online_subscription()
    before = access_of(subscription).version
    change(subscription)
    assert access_of(subscription).version == before + 1 and not NetworkIntent.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda one: AccessState.objects.filter(pk=one.pk).update(cut_off_at=timezone.now()),
        lambda one: one.save(),
        lambda one: access_of(one).save(),
        lambda one: use(one),
        lambda one: Plan.objects.update(price=7),
        lambda one: Plan.objects.update(download_kbps=7),  # it is not online
    ],
)
def test_what_does_not_concern_the_network_wishes_nothing(subscription, change):
    NetworkIntent.objects.all().delete()
    before = access_of(subscription).version
    change(subscription)
    assert access_of(subscription).version == before and not NetworkIntent.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"download_kbps": 7}, {"upload_kbps": 7}, {"pool": "p"}, {"address_list": "l"}, {"unpaid_access": "garden"},
        {"quota_gb": 1, "over_quota": "garden"},
        {"throttled_download_kbps": 7}, {"throttled_upload_kbps": 7},
    ],
)  # fmt: skip
def test_a_change_of_a_plan_reaches_who_is_online_or_lives_on_a_router(subscription, router, changes):
    plan = subscription.plan
    on_a_router = make_online_subscription()
    offline = make_online_subscription()
    Subscription.objects.update(plan=plan)
    NetworkAccount.objects.filter(pk=on_a_router.pk).update(router=router)
    online(subscription, router)
    NetworkIntent.objects.all().delete()
    before = {one.pk: access_of(one).version for one in (subscription, on_a_router, offline)}
    Plan.objects.filter(pk=plan.pk).update(**changes)
    assert set(NetworkIntent.objects.values_list("pk", flat=True)) == {subscription.pk, on_a_router.pk}
    assert access_of(offline).version == before[offline.pk]


def test_the_newest_wish_wins_and_starts_anew_but_keeps_lease_and_guard(subscription):
    access.disable(subscription=subscription, now=timezone.now())
    later = timezone.now() + timedelta(hours=1)
    NetworkIntent.objects.update(
        attempts=9, next_attempt_at=later, failing_since=later, last_error="x", leased_by="w1", leased_until=later,
        applied_version=1, cuts=4, cuts_since=later, held="flapping",
    )  # fmt: skip
    access.restore(subscription=subscription, now=timezone.now())
    intent = NetworkIntent.objects.get()
    assert (intent.attempts, intent.failing_since, intent.last_error, intent.reason) == (0, None, "", "on")
    assert intent.next_attempt_at < later and intent.wanted_version == access_of(subscription).version
    assert (intent.leased_by, intent.leased_until, intent.applied_version) == ("w1", later, 1)
    assert (intent.cuts, intent.cuts_since, intent.held) == (4, later, "flapping")


def test_a_switch_without_a_version_gets_one_and_a_stale_version_does_not_hide_it(subscription):
    state = access_of(subscription)
    Subscription.objects.filter(pk=subscription.pk).update(login="other")  # bumps what `state` has in memory
    state.is_on, state.version = False, state.version + 1
    state.save(update_fields=["is_on", "version"])
    assert NetworkIntent.objects.get().wanted_version == access_of(subscription).version == state.version + 1


def test_another_reason_changes_what_is_left_although_access_stays_off(subscription):
    access.disable(subscription=subscription, now=timezone.now())
    before = access_of(subscription).version
    access.disable(subscription=subscription, now=timezone.now(), reason="abuse")
    assert access_of(subscription).version == before + 1
    access.restore(subscription=subscription, now=timezone.now(), reason="abuse")
    assert not access_of(subscription).is_on and access_of(subscription).version == before + 2


def test_a_sweep_writes_one_intent_each_with_its_change(router):
    now = timezone.now()
    late = [make_overdue_subscription(now=now) for _ in range(3)]
    NetworkIntent.objects.all().delete()
    sweep.disable_due(now=now, limit=2)
    intents = NetworkIntent.objects.order_by("pk")
    assert [(one.pk, one.wanted_version, one.reason) for one in intents] == [(one.pk, 1, "off") for one in late]


def test_a_hold_of_today_reaches_the_network(subscription):
    NetworkIntent.objects.all().delete()
    now = timezone.now()
    holds.hold(subscription=subscription, starts_on=now.date(), ends_on=None, now=now)
    assert NetworkIntent.objects.get().wanted_version == access_of(subscription).version


def test_who_listens_hears_of_it_with_the_commit_and_once(subscription):
    listener = connection.copy()
    try:
        with listener.cursor() as cursor:
            cursor.execute("LISTEN network")
        with transaction.atomic():
            AccessState.objects.filter(pk=subscription.pk).update(is_on=False)
            AccessState.objects.filter(pk=subscription.pk).update(is_on=True)
            assert heard(listener) == 0
        assert heard(listener) == 1
    finally:
        listener.close()


def heard(listener):
    """How many notices came before the listener's own, which ends the wait."""
    with listener.cursor() as cursor:
        cursor.execute("NOTIFY network, 'own'")
    notices = listener.connection.notifies
    while not any(notice.payload == "own" for notice in notices):
        assert select.select([listener.connection], [], [], 10)[0]
        listener.connection.poll()
    count = len(notices) - 1
    notices.clear()
    return count


def test_a_router_with_sessions_stays_and_can_be_set_inactive(subscription, router):
    online(subscription, router)
    with pytest.raises(Exception, match=r"protected|foreign key"):
        router.delete()
    Router.objects.update(is_active=False)
