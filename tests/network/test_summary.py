"""What the network tells operators: alarms on age and on routers, and figures for Prometheus (rule N5)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import NetworkFinding, NetworkIntent, RouterState
from billing.services.network import summary
from tests.network.billing_side import deliver, log_in, make_router, subscriber, switch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]


def troubles(source, later=timedelta()):
    return [(trouble.about, trouble.text) for trouble in source(timezone.now() + later)]


def test_n5_a_change_that_waits_for_ten_minutes_is_an_alarm_that_names_subscriber_and_reason(router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router)
    radius_router.is_silent = True
    switch(anna, False)
    deliver()
    assert troubles(summary.not_applied) == []
    ((about, text),) = troubles(summary.not_applied, timedelta(minutes=11))
    assert about == "oldest"
    assert text.startswith(f"1 change of access not applied on the network, the oldest, {anna.login}, since ")
    assert "No answer" in text
    NetworkIntent.objects.update(next_attempt_at=timezone.now())
    RouterState.objects.update(down_until=None, failures=0)
    radius_router.is_silent = False
    deliver()
    assert troubles(summary.not_applied, timedelta(minutes=11)) == []


def test_a_router_that_fails_for_five_minutes_is_an_alarm_until_it_answers_or_is_not_in_use(router):
    state = RouterState.objects.create(
        router=router, failures=9, failing_since=timezone.now(), last_error="No answer to 3 packets"
    )
    assert troubles(summary.silent_routers) == []
    ((about, text),) = troubles(summary.silent_routers, timedelta(minutes=6))
    assert about == str(router.pk)
    assert router.name in text
    assert "No answer to 3 packets" in text
    router.is_active = False
    router.save(update_fields=["is_active"])
    assert troubles(summary.silent_routers, timedelta(minutes=6)) == []
    assert state.failures == 9


def test_the_figures_are_in_the_metrics(router, radius_router, client):
    anna = subscriber()
    log_in(anna, router, radius_router)
    make_router(address="127.0.0.2", is_active=False)
    switch(anna, False)
    NetworkIntent.objects.update(requested_at=timezone.now() - timedelta(minutes=3), held="why")
    RouterState.objects.create(router=router, failures=1, failing_since=timezone.now())
    NetworkFinding.objects.create(kind="held", first_seen_at=timezone.now(), last_seen_at=timezone.now())
    lines = dict(
        line.split(" ") for line in client.get("/metrics").content.decode().splitlines() if not line.startswith("#")
    )
    found = {name: float(value) for name, value in lines.items() if "{" not in name}
    assert 180 <= found.pop("isp_billing_network_waiting_age_seconds") < 200
    network = ("network_waiting", "network_held", "network_findings", "routers", "routers_failing", "sessions_online")
    assert {name: found[f"isp_billing_{name}"] for name in network} == dict.fromkeys(network, 1.0)
