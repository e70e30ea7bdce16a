"""Delivery: from the transaction that decided to the router, and back into the tables (rules N1 to N5)."""

import pytest
from django.utils import timezone

from billing.models import (
    NetworkAccount,
    NetworkIntent,
    OnlineSession,
    Plan,
    SessionRecord,
)
from billing.services.network import intents, sealing
from tests.network.billing_side import (
    class_of,
    deliver,
    intent_of,
    is_applied,
    log_in,
    make_router,
    subscriber,
    switch,
)
from tests.network.fake_radius import FakeRadiusRouter

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]


def test_n3_who_is_switched_off_is_disconnected(router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router)
    switch(anna, False)
    assert deliver() == 1
    assert radius_router.told == [("disconnect", anna.login)]
    intent = intent_of(anna)
    assert intent.applied_version == intent.wanted_version
    assert (intent.leased_by, intent.attempts, intent.last_error) == ("", 0, "")
    assert OnlineSession.objects.exists()  # until the router's own stop arrives


def test_n6_without_a_router_nothing_is_noted_and_delivery_ends_at_once():
    anna = subscriber()
    switch(anna, False)
    assert not NetworkIntent.objects.exists()
    assert deliver(seconds=600) == 0


def test_who_is_not_online_needs_no_packet(router, radius_router):
    anna = subscriber()
    switch(anna, False)
    assert deliver() == 1
    assert radius_router.told == []
    assert is_applied(anna)


def test_back_on_before_anything_was_sent_means_that_nothing_is_sent(router, radius_router):
    """N4: what is wanted is read just before the router is told."""
    anna = subscriber()
    log_in(anna, router, radius_router)
    switch(anna, False)
    switch(anna, True)
    deliver()
    assert radius_router.told == []
    assert is_applied(anna)


def test_another_speed_reaches_the_session_by_coa_where_the_router_can(radius_router):
    router = make_router(radius_router, supports_coa=True)
    anna = subscriber()
    session = log_in(anna, router, radius_router)
    Plan.objects.filter(pk=anna.plan_id).update(download_kbps=50000)
    deliver()
    assert radius_router.told == [("coa", anna.login)]
    assert radius_router.sessions[session.session_id].rate == "5000k/50000k"
    session.refresh_from_db()
    assert session.policy_class == class_of(anna)  # what it runs under now


def test_another_speed_is_a_new_login_where_the_router_cannot(router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router)
    Plan.objects.filter(pk=anna.plan_id).update(download_kbps=50000)
    deliver()
    assert radius_router.told == [("disconnect", anna.login)]


def test_another_fixed_address_is_a_new_login_even_where_the_router_can(radius_router):
    router = make_router(radius_router, supports_coa=True)
    anna = subscriber()
    log_in(anna, router, radius_router)
    NetworkAccount.objects.create(subscription=anna, password_sealed=sealing.seal("pw"), fixed_address="10.1.1.1")
    deliver()
    assert radius_router.told == [("disconnect", anna.login)]


def test_a_session_that_the_router_does_not_know_is_closed_here_as_well(router, radius_router):
    anna = subscriber()
    session = log_in(anna, router, radius_router)
    radius_router.sessions.clear()
    switch(anna, False)
    deliver()
    assert not OnlineSession.objects.exists()
    record = SessionRecord.objects.get()
    assert (record.unique_id, record.cause) == (session.unique_id, "Lost-503")
    assert is_applied(anna)


def test_an_inactive_router_is_told_nothing(router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router)
    make_router(address="127.0.0.2")
    router.is_active = False
    router.save(update_fields=["is_active"])
    switch(anna, False)
    deliver()
    assert radius_router.told == []


def test_sessions_on_several_routers_are_all_ended(router, radius_router):
    other = FakeRadiusRouter("127.0.0.2")
    anna = subscriber()
    log_in(anna, router, radius_router)
    log_in(anna, make_router(other), other)
    log_in(anna, router, radius_router)
    switch(anna, False)
    try:
        deliver()
        assert (len(radius_router.told), len(other.told)) == (2, 1)
    finally:
        other.close()


def test_a_router_without_radius_keeps_the_subscriber_itself(routeros):
    router = make_router(routeros)
    anna = subscriber()
    NetworkAccount.objects.create(subscription=anna, password_sealed=sealing.seal("her password"), router=router)
    deliver(1)
    assert routeros.entry(anna.login)["password"] == "her password"
    routeros.log_in(anna.login)
    switch(anna, False)
    deliver(1)
    assert not routeros.is_online(anna.login)
    assert routeros.entry(anna.login)["disabled"] == "true"
    switch(anna, True)
    deliver(1)
    assert routeros.entry(anna.login)["disabled"] == "false"
    assert is_applied(anna)


def test_a_dry_run_sends_nothing_and_counts_as_done(radius_router, caplog):
    router = make_router(radius_router, kind="dry-run")
    anna = subscriber()
    log_in(anna, router, radius_router)
    switch(anna, False)
    with caplog.at_level("INFO"):
        deliver()
    assert f"{anna.login} would be off" in caplog.text
    assert radius_router.told == []
    assert is_applied(anna)


def test_staff_end_a_session_and_who_may_be_online_may_come_back(router, radius_router):
    anna = subscriber()
    session = log_in(anna, router, radius_router)
    intents.disconnect(session.pk, now=timezone.now())
    deliver()
    assert radius_router.told == [("disconnect", anna.login)]
    assert is_applied(anna)


def test_staff_ask_for_it_once_more(router, radius_router):
    anna = subscriber()
    switch(anna, False)
    deliver()
    log_in(anna, router, radius_router)
    intents.request(anna.pk, reason="staff", now=timezone.now())
    assert intents.status_of(anna.pk).kind == "pending"
    assert intents.backlog(router.pk).size == intents.waiting().size == 1
    deliver()
    assert radius_router.told == [("disconnect", anna.login)]
