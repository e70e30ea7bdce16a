"""A run of the comparison looks at what changed at once, and at all else in turn (rule N5)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import NetworkFinding, OnlineSession
from billing.services.network import wrong_sessions
from billing.services.network.findings import Found, note
from billing.services.network.policy import follow
from billing.services.network.wrong_sessions import Watch
from tests.network.billing_side import deliver, log_in, make_router, subscriber, switch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]


@pytest.fixture
def online(router, radius_router):
    """Three open sessions, as wanted."""
    follow()
    return [log_in(subscriber(), router, radius_router) for _ in range(3)]


@pytest.fixture
def watch(online, monkeypatch):
    """It has seen them all, and looks at none in turn."""
    watch = Watch()
    monkeypatch.setattr(wrong_sessions, "IN_TURN", 0)
    assert [wrong(watch) for _ in range(3)] == [[], [], []]
    return watch


def wrong(watch, now=None, **also):
    return [found.login for found in watch.wrong(now or timezone.now(), **also)]


def forge(session):
    """Write past everything that tells the network."""
    OnlineSession.objects.filter(pk=session.pk).update(policy_class="forged")


def test_what_nobody_told_is_found_in_turn(watch, online, monkeypatch):
    forge(online[1])
    assert wrong(watch) == []
    monkeypatch.setattr(wrong_sessions, "IN_TURN", 1)
    assert [wrong(watch) for _ in range(6)] == [[], [online[1].login], [], [], [], [online[1].login]]


def test_a_new_process_looks_at_all(watch, online):
    forge(online[1])
    assert wrong(watch) == [] and wrong(Watch()) == [online[1].login]


def test_what_was_delivered_is_looked_at_for_some_minutes(watch, online, radius_router):
    radius_router.keeps_sessions = True
    switch(online[0].subscription, False)
    deliver()
    assert wrong(watch) == []  # its stop may be on the way
    OnlineSession.objects.update(updated_at=timezone.now())
    assert wrong(watch) == [online[0].login]


def test_what_was_delivered_is_looked_at_until_its_router_must_have_reported(
    watch, online, radius_router, report_every
):
    report_every(3600)
    radius_router.keeps_sessions = True
    switch(online[0].subscription, False)
    deliver()
    assert wrong(watch) == []
    later = timezone.now() + timedelta(minutes=100)
    OnlineSession.objects.update(updated_at=later)
    assert wrong(watch, later) == [online[0].login]


def test_what_begins_is_looked_at(watch, router, radius_router):
    late = log_in(subscriber(), router, radius_router, policy_class="forged")
    assert wrong(watch) == [late.login]


def test_what_is_listed_is_looked_at_until_it_is_right(watch, online):
    forge(online[2])
    note(NetworkFinding.Kind.WRONG_SPEED, [Found(online[2].router_id, online[2].login, "")])
    assert wrong(watch) == wrong(watch) == [online[2].login]


def test_what_was_found_for_a_new_subscription_is_looked_at(watch, online):
    forge(online[0])
    assert wrong(watch, also=[online[0].pk]) == [online[0].login]


def test_all_are_looked_at_when_settings_or_routers_in_use_change(watch, online, settings):
    forge(online[0])
    assert wrong(watch) == []
    settings.GARDEN_KBPS = 77
    follow()
    assert wrong(watch) == [online[0].login] and wrong(watch) == []
    make_router(address="127.0.0.77")
    assert wrong(watch) == [online[0].login] and wrong(watch) == []


def test_all_are_looked_at_on_a_new_day(watch, online):
    """The last day ends a subscription by time alone."""
    forge(online[0])
    assert wrong(watch, timezone.now() + timedelta(days=1)) == [online[0].login]
