"""Delivery when routers do not do their part: nothing is lost, nobody else waits (rules N4, N5)."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from pyrad import packet

from billing.models import (
    NetworkAccount,
    NetworkFinding,
    NetworkIntent,
    OnlineSession,
    RouterState,
    Subscription,
)
from billing.network.radius_socket import SENDS, WAIT
from billing.services.network import intents, sealing
from tests.jobs.notes import until
from tests.network.billing_side import (
    class_of,
    deliver,
    delivering,
    intent_of,
    is_applied,
    log_in,
    make_router,
    subscriber,
    switch,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]


def try_again():
    """As if the wait after a failure were over."""
    NetworkIntent.objects.update(next_attempt_at=timezone.now())
    RouterState.objects.update(down_until=timezone.now())


def test_n5_a_silent_router_loses_nothing(router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router)
    radius_router.is_silent = True
    switch(anna, False)
    deliver(seconds=2.5)
    status = intents.status_of(anna.pk)
    assert status.kind == "failing"
    assert "No answer" in status.error
    state = RouterState.objects.get()
    assert state.failures == 1
    assert state.failing_since < timezone.now() < state.down_until
    radius_router.is_silent = False
    with delivering():
        until(lambda: is_applied(anna))
    assert radius_router.sessions == {}
    state.refresh_from_db()
    assert (state.failures, state.failing_since, state.down_until, state.last_error) == (0, None, None, "")
    assert state.last_contact_at


def test_paid_while_the_disable_waited_no_disconnect_is_sent(router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router)
    radius_router.is_silent = True
    switch(anna, False)
    deliver(seconds=2.5)
    sent = len(radius_router.told)
    switch(anna, True)
    radius_router.is_silent = False
    try_again()
    with delivering():
        until(lambda: is_applied(anna))
    assert len(radius_router.told) == sent
    assert len(radius_router.sessions) == 1


def test_a_router_that_does_not_answer_is_left_alone_and_tried_with_one_question(radius_router):
    """The circuit breaker: 100 subscribers wait, and no more than a window is sent before it rests."""
    router = make_router(radius_router, window=4)
    radius_router.is_silent = True
    everybody = [subscriber() for _ in range(30)]
    for one in everybody:
        log_in(one, router, radius_router)
    with connection.cursor() as cursor:
        cursor.execute("UPDATE billing_accessstate SET is_on = false, version = version + 1")
    deliver(seconds=2.5)
    assert len(set(radius_router.told)) == 4
    assert {intents.status_of(one.pk).kind for one in everybody} == {"failing"}
    radius_router.told.clear()
    try_again()
    deliver(seconds=2.5)
    assert len(set(radius_router.told)) == 1
    assert RouterState.objects.get().failures == 2


def test_n5_a_dead_router_delays_no_other(radius_router):
    dead, alive = make_router(coa_port=9, address="192.0.2.1"), make_router(radius_router)
    for n in range(100):
        log_in(subscriber(), dead if n % 2 else alive, radius_router)
    with delivering():
        until(lambda: _who_listens() == 1)
        switched_at = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute("UPDATE billing_accessstate SET is_on = false, version = version + 1")
        until(lambda: len(radius_router.told) == 50)
    assert timezone.now() - switched_at < timedelta(seconds=SENDS * WAIT)


def test_what_a_router_refuses_is_tried_again_later_and_nothing_else_waits_for_it(router, radius_router):
    anna, bert = subscriber(), subscriber()
    for one in (anna, bert):
        log_in(one, router, radius_router)
    radius_router.refuses = {packet.DisconnectRequest: 506}
    switch(anna, False)
    deliver()
    intent = intent_of(anna)
    assert "Resources Unavailable" in intent.last_error
    assert intent.attempts == 1
    assert timedelta(minutes=3) < intent.next_attempt_at - timezone.now() < timedelta(minutes=7)
    assert not RouterState.objects.get().failures
    radius_router.refuses = {}
    switch(bert, False)
    deliver()
    assert is_applied(bert)


def test_a_new_wish_does_not_wait_for_the_next_try_of_an_old_one(router, radius_router):
    anna = subscriber()
    log_in(anna, router, radius_router)
    radius_router.refuses = {packet.DisconnectRequest: 506}
    switch(anna, False)
    deliver()
    radius_router.refuses = {}
    switch(anna, True)
    switch(anna, False)
    deliver()
    assert is_applied(anna)


def test_a_wrong_secret_looks_like_silence_and_heals_when_it_is_corrected(radius_router):
    router = make_router(radius_router, secret_sealed=sealing.seal("the wrong one"))
    anna = subscriber()
    log_in(anna, router, radius_router)
    switch(anna, False)
    with delivering():
        until(lambda: NetworkIntent.objects.filter(failing_since__isnull=False).exists())
        assert "secret" in intents.status_of(anna.pk).error
        router.secret_sealed = make_router(radius_router, address="127.0.0.9").secret_sealed
        router.save(update_fields=["secret_sealed"])
        until(lambda: is_applied(anna))
    assert radius_router.sessions == {}


def test_a_secret_sealed_with_another_key_is_told_and_nothing_is_sent(router, radius_router, settings):
    anna = subscriber()
    log_in(anna, router, radius_router)
    switch(anna, False)
    settings.NETWORK_KEY = "another key, as long as it has to be"
    deliver()
    assert radius_router.told == []
    assert "NETWORK_KEY" in intents.status_of(anna.pk).error


def test_the_flap_guard_leaves_a_router_alone_that_takes_no_heed_of_classes(router, radius_router):
    """It never gives back Class: each session looks wrong, and nobody is to be thrown out for ever."""
    anna = subscriber()
    for _ in range(8):
        log_in(anna, router, radius_router, policy_class="")
        intents.enqueue([anna.pk], reason="reconcile", now=timezone.now())
        deliver(0.15)
        OnlineSession.objects.all().delete()
    assert len(radius_router.told) == 5
    assert intents.status_of(anna.pk).kind == "held"
    finding = NetworkFinding.objects.get(kind="held")
    assert (finding.login, finding.resolved_at) == (anna.login, None)
    switch(anna, False)
    log_in(anna, router, radius_router)
    deliver()
    assert len(radius_router.told) == 6  # who is off is cut nevertheless


def test_staff_let_a_held_subscription_be_tried_again(router, radius_router):
    anna = subscriber()
    switch(anna, True)
    intents.enqueue([anna.pk], reason="reconcile", now=timezone.now())
    NetworkIntent.objects.update(cuts=5, cuts_since=timezone.now(), held=f"5 sessions … unlike {class_of(anna)}")
    log_in(anna, router, radius_router, policy_class="")
    deliver()
    assert radius_router.told == []
    intents.request(anna.pk, reason="staff", now=timezone.now())
    deliver()
    assert len(radius_router.told) == 1


def test_a_fault_of_the_program_with_one_subscriber_does_not_hold_up_the_others(router, radius_router, monkeypatch):
    from billing.network import radius_packets

    anna, bert = subscriber(), subscriber()
    disconnect = radius_packets.disconnect

    def fail_for_anna(target, session, number):
        if session.login == anna.login:
            raise RuntimeError("a bug")
        return disconnect(target, session, number)

    monkeypatch.setattr(radius_packets, "disconnect", fail_for_anna)
    for one in (anna, bert):
        log_in(one, router, radius_router)
        switch(one, False)
    deliver()
    assert is_applied(bert)
    assert "RuntimeError" in intent_of(anna).last_error


def test_a_transaction_that_decides_something_and_takes_its_time_holds_up_nobody(router, radius_router, other_session):
    """It has locked the intents of two who were told off meanwhile: the result is written when it is over."""
    slow, quick = subscriber(), subscriber()
    for one in (slow, quick):
        log_in(one, router, radius_router)
    radius_router.delay = 0.9  # an answer that takes a second is asked for again
    with delivering():
        switch(slow, False)
        until(lambda: intent_of(slow).leased_by)
        with other_session(f"UPDATE billing_networkintent SET reason = 'locked' WHERE subscription_id = {slow.pk}"):
            radius_router.hurry.set()
            until(lambda: radius_router.told)
            switch(quick, False)
            until(lambda: is_applied(quick))
            assert not is_applied(slow)
        until(lambda: is_applied(slow))
    assert len(radius_router.told) == 2


def test_odd_logins_of_sessions_disturb_nobody(router, radius_router):
    anna, bert = subscriber(), subscriber()
    log_in(anna, router, radius_router, login="x' OR 1=1; --")
    log_in(bert, router, radius_router)
    for one in (anna, bert):
        switch(one, False)
    deliver()
    assert is_applied(anna)
    assert is_applied(bert)
    assert Subscription.objects.count() == 2


def test_what_no_database_takes_in_the_words_of_a_router_disturbs_nobody(router, radius_router, routeros):
    """NUL and half a surrogate, which JSON may bring."""
    anna, bert = subscriber(), subscriber()
    kept_by = make_router(routeros, address="127.0.0.9")
    NetworkAccount.objects.create(subscription=anna, password_sealed=sealing.seal("pw"), router=kept_by)
    log_in(bert, router, radius_router)
    routeros.fault = (400, "no\x00thing \ud800")
    switch(bert, False)
    deliver()
    assert is_applied(bert)
    assert intent_of(anna).last_error == "The router refuses: nothing ?"


def test_a_worker_that_hears_nothing_any_more_looks_by_itself(router, radius_router, caplog):
    """Only the session that listens was ended: nothing runs hot, and what is wanted is delivered a second later."""
    anna = subscriber()
    log_in(anna, router, radius_router)
    with delivering():
        until(lambda: _who_listens("pg_terminate_backend(pid)") == 1)
        switch(anna, False)
        until(lambda: is_applied(anna))
    assert radius_router.told == [("disconnect", anna.login)]
    assert "Exception in callback" not in caplog.text


def _who_listens(what: str = "pid") -> int:
    """How many sessions listen; ``what`` is done with each."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT count({what}) FROM pg_stat_activity "
            "WHERE datname = current_database() AND query = 'LISTEN network' AND pid <> pg_backend_pid()"
        )
        return cursor.fetchone()[0]


def test_a_session_that_signed_in_by_radius_at_a_router_that_is_told_by_rest_is_ended_and_no_entry_is_made(routeros):
    """An entry of such a subscriber has no password: it would let anybody in under the login, past RADIUS."""
    anna = subscriber()
    router = make_router(routeros)
    as_typed = anna.login.upper()
    log_in(anna, router, routeros, login=as_typed, policy_class=f"{anna.pk}:00000000-0000")
    intents.enqueue([anna.pk], reason="reconcile", now=timezone.now())
    deliver(1)
    assert is_applied(anna)
    assert not routeros.is_online(as_typed)
    log_in(anna, router, routeros, login=as_typed)
    switch(anna, False)
    deliver(1)
    assert not routeros.is_online(as_typed)
    assert routeros.entry(anna.login) is None
