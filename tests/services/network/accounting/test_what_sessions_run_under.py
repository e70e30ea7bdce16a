"""The class of a session, and starts that come after the decision they were let in under (rules N1, N3)."""

from datetime import date

import pytest

from billing.models import (
    AccessState,
    NetworkIntent,
    OnlineSession,
    UsageDay,
)
from tests.services.network.situations import asked, policy_of

pytestmark = pytest.mark.django_db


def test_a_start_after_the_disable_is_told_to_the_network(tell, subscription):
    """It was let in just before access was switched off."""
    accepted_under = policy_of(subscription)["class"]
    AccessState.objects.filter(pk=subscription.pk).update(is_on=False)
    NetworkIntent.objects.update(applied_version=AccessState.objects.get().version)
    tell("Start", **{"class": accepted_under})
    intent = NetworkIntent.objects.get()
    assert intent.reason == "stale-start" and intent.wanted_version > intent.applied_version
    assert OnlineSession.objects.get().policy_class == accepted_under


def test_a_start_under_what_is_wanted_is_not(tell):
    NetworkIntent.objects.all().delete()
    tell("Start")
    tell("Interim-Update", 300)
    assert not NetworkIntent.objects.exists()


def test_a_lost_start_of_a_wrong_session_is_told_by_the_interim_and_a_stop_is_not(tell):
    NetworkIntent.objects.all().delete()
    tell("Stop", 100, unique_id="u9", **{"class": "1:other"})
    assert not NetworkIntent.objects.exists()
    tell("Interim-Update", 300, **{"class": "1:other"})
    assert NetworkIntent.objects.get().reason == "stale-start"


def test_n3_what_was_decided_while_a_session_counted_as_lost_is_told_when_it_is_heard_of(tell, subscription):
    tell("Start")
    asked("SELECT radius.close_session('u1', now(), 'Lost-Interim')")
    AccessState.objects.filter(pk=subscription.pk).update(is_on=False)
    NetworkIntent.objects.update(applied_version=AccessState.objects.get().version)
    tell("Interim-Update", 600)
    intent = NetworkIntent.objects.get()
    assert intent.reason == "stale-start" and intent.wanted_version > intent.applied_version


def test_a_session_that_was_lost_and_is_as_wanted_is_not(tell):
    tell("Start")
    asked("SELECT radius.close_session('u1', now(), 'Lost-Interim')")
    NetworkIntent.objects.all().delete()
    tell("Interim-Update", 600)
    assert not NetworkIntent.objects.exists()


def test_what_was_changed_in_the_running_session_is_not_undone_by_an_echo(tell):
    tell("Start")
    OnlineSession.objects.update(policy_class="changed-by-coa")
    tell("Interim-Update", 300)
    assert OnlineSession.objects.get().policy_class == "changed-by-coa"


def test_a_router_without_echo_runs_under_what_was_wanted_at_the_start(tell, router, subscription):
    type(router).objects.update(echoes_class=False)
    tell("Start", **{"class": ""})
    assert OnlineSession.objects.get().policy_class == policy_of(subscription)["class"]
    AccessState.objects.filter(pk=subscription.pk).update(is_on=False)
    NetworkIntent.objects.all().delete()
    tell("Start", unique_id="u2", **{"class": ""})
    assert OnlineSession.objects.get(unique_id="u2").policy_class == ""
    assert NetworkIntent.objects.get().reason == "stale-start"


def test_days_have_one_row_each(tell, subscription):
    tell("Start")
    for seconds in (300, 600, 900):
        tell("Interim-Update", seconds, down=seconds)
    assert UsageDay.objects.filter(subscription=subscription).count() <= 2
    assert isinstance(UsageDay.objects.first().day, date)
