"""A clock that was set back makes nobody wait, and what waits is found without reading everybody (rules N5, N6)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from billing.models import NetworkFinding, NetworkIntent, RouterState
from billing.services.network import findings, intents, routers, summary, targets
from billing.services.network.reconcile import reconcile
from tests.network.billing_side import class_of, deliver, log_in, make_router, subscriber, switch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]

AN_HOUR = timedelta(hours=1)


def test_n5_what_was_to_wait_by_a_clock_that_was_set_back_is_done(router, radius_router):
    anna, bert = subscriber(), subscriber()
    for one in (anna, bert):
        log_in(one, router, radius_router)
        switch(one, False)
    NetworkIntent.objects.filter(pk=anna.pk).update(next_attempt_at=timezone.now() + AN_HOUR)
    NetworkIntent.objects.filter(pk=bert.pk).update(leased_until=timezone.now() + AN_HOUR, leased_by="another")
    reconcile(now=timezone.now())
    assert deliver() == 2
    assert radius_router.sessions == {}


def test_a_router_rests_no_longer_for_a_clock_that_was_set_back(router):
    RouterState.objects.create(router=router, failures=3, down_until=timezone.now() + AN_HOUR)
    assert [reach.rests_for for reach in targets.active()] == [30]
    reconcile(now=timezone.now())  # it is tried
    assert RouterState.objects.get().failures == 0


def test_what_was_applied_by_a_clock_that_was_set_back_is_compared(router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router, policy_class=f"{anna.pk}:00000000-0000")
    NetworkIntent.objects.create(
        subscription=anna, wanted_version=1, applied_version=1, requested_at=timezone.now(),
        next_attempt_at=timezone.now(), applied_at=timezone.now() + AN_HOUR,
    )  # fmt: skip
    assert reconcile(now=timezone.now()).wrong == 1


def test_who_is_held_for_what_is_not_wanted_any_more_is_tried_again(router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router, policy_class="another")
    now = timezone.now()
    NetworkIntent.objects.create(
        subscription=anna, wanted_version=1, applied_version=1, requested_at=now, next_attempt_at=now,
        held=f"unlike {class_of(anna)}",
    )  # fmt: skip
    assert reconcile(now=now).wrong == 0
    NetworkIntent.objects.update(held="unlike 1:00000000-0000")
    assert reconcile(now=now).wrong == 1


def test_n6_what_waits_is_no_alarm_while_no_router_is_in_use(router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router)
    switch(anna, False)
    later = timezone.now() + timedelta(minutes=11)
    assert len(list(summary.not_applied(later))) == 1
    type(router).objects.update(is_active=False)
    assert list(summary.not_applied(later)) == []


def test_a_wrong_counter_is_over_when_none_came_for_a_while(router):
    now = timezone.now()
    for login, seen in (("anna", now), ("bert", now - timedelta(days=8))):
        values = {"kind": "wrong-counter", "login": login, "first_seen_at": seen, "last_seen_at": seen}
        NetworkFinding.objects.create(router=router, **values)
    assert findings.forget(before=now - timedelta(days=7)) == 1
    assert NetworkFinding.objects.get().login == "anna"


@pytest.mark.parametrize(
    ("rows", "index"),
    [
        (lambda: intents.failing(), "networkintent_due"),
        (lambda: routers.waiting_for(make_router(address="127.0.0.3")), "networkintent_due"),
        (lambda: NetworkIntent.objects.exclude(held=""), "networkintent_held"),
    ],
)
def test_few_intents_are_read_of_many_subscriptions(rows, index):
    found = rows().order_by()
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
        try:
            assert index in found.explain()
        finally:
            cursor.execute("RESET enable_seqscan")
