"""One router with which something is wrong leaves the comparison of the others as it is (rule N5)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import NetworkFinding, OnlineSession, RouterState, SessionRecord
from billing.services.network import connections, local_entries
from billing.services.network.reconcile import reconcile
from tests.network.billing_side import deliver, log_in, make_router, subscriber, switch
from tests.network.test_reconcile import look, open_findings

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]


def test_a_fault_of_the_program_with_one_router_does_not_hold_up_the_others(
    router, radius_router, routeros, monkeypatch, caplog
):
    anna = subscriber()
    log_in(anna, router, radius_router, policy_class="another")
    kept = make_router(routeros, address="127.0.0.9")
    RouterState.objects.create(router=router, failures=1)

    def fail(router):
        raise RuntimeError("a bug")

    monkeypatch.setattr(connections, "entries_on", fail)
    monkeypatch.setattr(connections, "probe", fail)
    reconcile(now=timezone.now())
    assert NetworkFinding.objects.get(resolved_at=None).login == anna.login
    assert "RuntimeError" in RouterState.objects.get(router=kept).last_error
    assert local_entries.logger.name in caplog.text


def test_a_router_that_is_switched_on_gets_what_was_decided_before(router, radius_router):
    type(router).objects.update(is_active=False)
    anna = subscriber()
    log_in(anna, router, radius_router)
    switch(anna, False)
    reconcile(now=timezone.now())
    assert deliver() == 0
    type(router).objects.update(is_active=True)
    reconcile(now=timezone.now())
    deliver()
    assert radius_router.told == [("disconnect", anna.login)]


def test_what_is_put_right_on_a_router_leaves_the_list_also_while_its_rest_cannot_be_read(
    router_with_rest, radius_router, routeros
):
    anna = subscriber()
    log_in(anna, router_with_rest, radius_router, policy_class=f"{anna.pk}:00000000-0000")
    routeros.fault = (401, "Unauthorized")
    look()
    assert open_findings("wrong-speed") == [anna.login]
    deliver()
    OnlineSession.objects.all().delete()
    look()
    assert open_findings("wrong-speed") == []


def test_what_is_wrong_on_a_router_stays_listed_while_it_is_silent(router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router, policy_class=f"{anna.pk}:00000000-0000")
    radius_router.is_silent = True
    look()
    deliver()
    RouterState.objects.update(down_until=timezone.now())
    look()
    assert RouterState.objects.get().failures > 1
    assert open_findings("wrong-speed") == [anna.login]


def test_sessions_of_a_router_that_is_not_in_use_any_more_do_not_stay_open_for_ever(router, radius_router):
    """Nobody hears of them again: they would count as online until somebody switched it on again."""
    long_ago = timezone.now() - timedelta(minutes=16)
    log_in(subscriber(), router, radius_router, updated_at=long_ago, started_at=long_ago)
    assert look().closed == 0  # silence of a router in use tells nothing
    type(router).objects.update(is_active=False)
    log_in(subscriber(), router, radius_router)
    assert look().closed == 1
    assert SessionRecord.objects.get().cause == "Lost-Interim"
    assert OnlineSession.objects.count() == 1
