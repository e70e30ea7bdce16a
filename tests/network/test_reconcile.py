"""Reconciling: whatever was lost on the way is found within a minute, and what nobody knows is listed (rule N5)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import NetworkAccount, NetworkFinding, NetworkIntent, OnlineSession, RouterState, SessionRecord
from billing.services.network import connections, findings, sealing
from billing.services.network.reconcile import reconcile
from tests.network.billing_side import deliver, is_applied, log_in, make_router, subscriber, switch

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]


def look():
    return reconcile(now=timezone.now())


def open_findings(kind):
    return list(NetworkFinding.objects.filter(kind=kind, resolved_at=None).values_list("login", flat=True))


def lose_intents():
    """As if the triggers had been off when somebody wrote past everything."""
    NetworkIntent.objects.all().delete()


def test_n5_online_and_to_be_off_is_found_listed_and_ended(router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router)
    switch(anna, False)
    lose_intents()
    assert look().wrong == 1
    assert open_findings("wrong-state") == [anna.login]
    deliver()
    assert radius_router.told == [("disconnect", anna.login)]
    OnlineSession.objects.all().delete()
    assert look().total == 0
    assert open_findings("wrong-state") == []


def test_n5_a_wrong_speed_is_found(router, radius_router):
    anna, bert = subscriber(), subscriber()
    log_in(anna, router, radius_router, policy_class=f"{anna.pk}:00000000-0000")
    log_in(bert, router, radius_router)
    assert look().wrong == 1
    assert open_findings("wrong-speed") == [anna.login]
    deliver()
    assert radius_router.told == [("disconnect", anna.login)]


def test_a_subscription_whose_last_day_has_passed_is_ended_by_time_alone(router, radius_router):
    anna = subscriber()
    session = log_in(anna, router, radius_router)
    type(anna).objects.filter(pk=anna.pk).update(ends_on=timezone.now().date() + timedelta(days=1))
    deliver()
    assert radius_router.told == []
    with_the_days_gone(anna)
    NetworkIntent.objects.update(applied_at=timezone.now() - timedelta(minutes=2))
    assert look().wrong == 1
    deliver()
    assert radius_router.told == [("disconnect", session.login)]


def with_the_days_gone(subscription):
    """The last day comes without any event."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("UPDATE billing_subscription SET ends_on = current_date WHERE id = %s", [subscription.pk])
        cursor.execute("SET session_replication_role = DEFAULT")


def test_a_router_that_acknowledges_and_keeps_the_session_is_told_again_after_its_next_packet(router, radius_router):
    anna = subscriber()
    session = log_in(anna, router, radius_router)
    radius_router.keeps_sessions = True
    switch(anna, False)
    deliver()
    assert is_applied(anna)
    assert look().wrong == 0  # its stop may be on the way
    OnlineSession.objects.filter(pk=session.pk).update(updated_at=timezone.now())
    assert look().wrong == 1
    radius_router.keeps_sessions = False
    deliver()
    assert radius_router.sessions == {}


def test_without_repair_it_is_only_listed(router, radius_router, settings):
    settings.NETWORK_REPAIR = "none"
    anna = subscriber()
    log_in(anna, router, radius_router, policy_class=f"{anna.pk}:00000000-0000")
    assert look().wrong == 1
    deliver()
    assert radius_router.told == []
    assert open_findings("wrong-speed") == [anna.login]


def test_what_is_pending_already_is_no_finding(router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router)
    switch(anna, False)
    assert look().wrong == 0


def test_sessions_of_unknown_logins_are_listed_and_ended_only_when_that_is_wanted(router, radius_router, settings):
    anna = subscriber()
    log_in(anna, router, radius_router, subscription=None, login="stranger")
    assert look().unknown == 1
    assert open_findings("unknown-login") == ["stranger"]
    assert radius_router.told == []
    settings.NETWORK_REPAIR = "all"
    look()
    assert radius_router.told == [("disconnect", "stranger")]
    OnlineSession.objects.all().delete()
    look()
    assert open_findings("unknown-login") == []


def test_a_session_that_came_before_its_subscription_is_taken_over(router, radius_router):
    anna = subscriber()
    session = log_in(anna, router, radius_router, subscription=None, login=anna.login.upper())
    assert look().unknown == 0
    session.refresh_from_db()
    assert session.subscription_id == anna.pk


def test_a_session_of_which_nothing_was_heard_for_three_intervals_is_closed(router, radius_router):
    anna, bert = subscriber(), subscriber()
    long_ago = timezone.now() - timedelta(minutes=16)
    log_in(anna, router, radius_router, updated_at=long_ago, started_at=long_ago)
    log_in(bert, router, radius_router)
    assert look().closed == 0  # nothing was heard of the router at all: that tells nothing of the session
    RouterState.objects.create(router=router, last_contact_at=timezone.now())
    assert look().closed == 1
    assert SessionRecord.objects.get().cause == "Lost-Interim"
    assert OnlineSession.objects.get().subscription_id == bert.pk


def test_rest_of_a_router_that_is_told_by_radius_says_nothing_of_how_it_is_told(
    router_with_rest, radius_router, routeros
):
    """Neither does its fault put off a Disconnect, nor its health end the alarm of one that RADIUS does not reach."""
    routeros.fault = (401, "Unauthorized")
    look()
    assert not RouterState.objects.exists()
    finding = NetworkFinding.objects.get(resolved_at=None)
    assert (finding.router, finding.kind) == (router_with_rest, "local-entry")
    assert "refuses the sign-in" in finding.detail
    routeros.fault, radius_router.is_silent = "", True
    RouterState.objects.create(router=router_with_rest, failures=3, failing_since=timezone.now() - timedelta(hours=1))
    look()
    assert RouterState.objects.get().failures == 4
    assert open_findings("local-entry") == []


@pytest.mark.usefixtures("router_with_rest")
def test_users_of_the_router_itself_bypass_radius_and_are_listed(routeros, settings):
    routeros.insert("ppp/secret", {"name": "backdoor", "disabled": "false"})
    routeros.insert("ppp/secret", {"name": "harmless", "disabled": "true"})
    assert look().local == 1
    assert open_findings("local-entry") == ["backdoor"]
    assert routeros.entry("backdoor")["disabled"] == "false"
    settings.NETWORK_REPAIR = "all"
    look()
    assert routeros.entry("backdoor")["disabled"] == "true"
    assert look().local == 0
    assert open_findings("local-entry") == []


@pytest.fixture
def kept(routeros):
    """A subscriber whom a RouterOS keeps itself, as wanted."""
    anna = subscriber()
    router = make_router(routeros)
    NetworkAccount.objects.create(subscription=anna, password_sealed=sealing.seal("pw"), router=router)
    deliver(1)
    assert look().total == 0
    return anna


@pytest.mark.parametrize(
    ("edit", "kind"),
    [
        ({"disabled": "true"}, "wrong-state"),
        ({"name": "renamed-by-hand"}, "wrong-state"),
        ({"comment": "isp-billing 0:00000000-0000"}, "wrong-speed"),
    ],
)
def test_n5_on_and_off_by_hand_on_a_router_without_radius_is_found_and_repaired(kept, routeros, edit, kind):
    routeros.entry(kept.login).update(edit)
    assert look().wrong == 1
    assert open_findings(kind) == [kept.login]
    deliver(1)
    assert routeros.entry(kept.login)["disabled"] == "false"
    assert look().wrong == 0


def test_n5_off_and_enabled_by_hand_on_a_router_without_radius_is_found_and_repaired(kept, routeros):
    switch(kept, False)
    deliver(1)
    routeros.entry(kept.login)["disabled"] = "false"
    assert look().wrong == 1
    deliver(1)
    assert routeros.entry(kept.login)["disabled"] == "true"


def test_n5_online_with_a_disabled_entry_on_a_router_without_radius_is_found_and_ended(kept, routeros):
    """As after an entry that was enabled by hand for a moment, or a router that says yes and keeps the session."""
    switch(kept, False)
    deliver(1)
    assert look().wrong == 0
    routeros.insert("ppp/active", {"name": kept.login})
    assert look().wrong == 1
    assert open_findings("wrong-state") == [kept.login]
    deliver(1)
    assert not routeros.is_online(kept.login)
    assert look().wrong == 0


def test_what_was_made_for_a_login_that_is_given_up_lets_nobody_in_any_more(kept, routeros):
    former = kept.login
    routeros.log_in(former)
    type(kept).objects.filter(pk=kept.pk).update(login="moved")
    deliver(1)
    look()
    assert routeros.entry(former)["disabled"] == "true"
    assert not routeros.is_online(former)
    assert routeros.entry("moved")["disabled"] == "false"
    assert look().total == 0


def test_what_was_made_on_a_router_lets_nobody_in_after_the_move_to_another(kept, routeros, settings):
    settings.NETWORK_REPAIR = "none"
    NetworkAccount.objects.update(router=None)
    assert look().local == 1
    assert routeros.entry(kept.login)["disabled"] == "false"
    settings.NETWORK_REPAIR = "sessions"
    look()
    assert routeros.entry(kept.login)["disabled"] == "true"


def test_neither_a_hotspot_user_nor_other_capitals_hide_behind_the_login_of_a_subscriber(kept, routeros):
    routeros.insert("ip/hotspot/user", {"name": kept.login, "disabled": "false"})
    routeros.insert("ppp/secret", {"name": kept.login.upper(), "disabled": "false"})
    found = look()
    assert (found.wrong, found.local) == (0, 2)
    assert set(open_findings("local-entry")) == {kept.login, kept.login.upper()}


def test_a_router_that_answers_without_an_end_holds_up_no_comparison(kept, routeros, monkeypatch):
    monkeypatch.setattr(connections, "LONGEST", 0.5)
    routeros.fault = "drip"
    look()
    assert "took longer" in RouterState.objects.get().last_error
    assert connections.probe(NetworkAccount.objects.get().router).outcome == "unreachable"


def test_a_router_that_cannot_be_read_is_noted_and_what_was_found_on_it_stays(kept, routeros):
    routeros.insert("ppp/secret", {"name": "backdoor", "disabled": "false"})
    look()
    routeros.fault = (401, "Unauthorized")
    look()
    assert open_findings("local-entry") == ["backdoor"]
    state = RouterState.objects.get()
    assert state.failures == 1
    assert "sign-in" in state.last_error
    calls = len(routeros.calls)
    look()
    assert len(routeros.calls) == calls  # it rests


def test_a_router_that_failed_and_has_nothing_waiting_is_tried_so_that_its_alarm_ends(router):
    RouterState.objects.create(router=router, failures=3, failing_since=timezone.now() - timedelta(hours=1))
    look()
    assert RouterState.objects.get().failing_since is None


def test_without_a_router_nothing_is_compared():
    assert look().total == 0


def test_what_is_resolved_is_forgotten_some_days_later(router):
    now = timezone.now()
    for kind, resolved_at in (("held", None), ("wrong-state", now), ("wrong-speed", now - timedelta(days=8))):
        NetworkFinding.objects.create(kind=kind, first_seen_at=now, last_seen_at=now, resolved_at=resolved_at)
    assert findings.forget(before=now - timedelta(days=7)) == 1
    assert set(NetworkFinding.objects.values_list("kind", flat=True)) == {"held", "wrong-state"}
