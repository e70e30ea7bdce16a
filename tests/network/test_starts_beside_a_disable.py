"""A session begins, or is heard of again, while its subscriber is disabled: one sees the other (decision 53)."""

import time
from importlib import import_module
from threading import Event

import pytest
from django.db import connection, transaction
from django.utils import timezone

from billing.models import OnlineSession
from billing.services.network.reconcile import reconcile
from tests.concurrency.races import together
from tests.concurrency.windows import LONGEST, until_somebody_waits, until_somebody_waits_or
from tests.network.billing_side import class_of, deliver, intent_of, is_applied, subscriber, switch
from tests.services.network.situations import account, asked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]


@pytest.fixture(params=["Start", "Interim-Update"])
def packet(request, router, radius_router):
    """One with which a session of Anna begins that was let in, or goes on that was closed as lost."""
    anna = subscriber()
    session = radius_router.log_in(anna.login)
    named = {"unique_id": "u1", "session_id": session.session_id, "nas": router.address, "router": router.address}
    packet = {**named, "login": anna.login, "class": class_of(anna)}
    if request.param == "Interim-Update":
        account(**packet)
        asked("SELECT radius.close_session('u1', now(), 'Lost-Interim')")
    deliver()
    return anna, {**packet, "kind": request.param, "seconds": 5}


@pytest.fixture
def patient():
    """A server waits for as long as it takes, however slow the machine is."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER FUNCTION radius.lock_access SET lock_timeout = '30s'")
        yield
        cursor.execute("ALTER FUNCTION radius.lock_access SET lock_timeout = '500ms'")


def disabled_beside(anna, packet):
    """The packet comes before the disable is committed, and is committed after delivery has looked."""
    decided, read, looked = Event(), Event(), Event()

    def disable():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                switch(anna, False)
                decided.set()
                until_somebody_waits_or(cursor, read)
            deliver()
        finally:
            looked.set()

    def take():
        assert decided.wait(LONGEST)
        with transaction.atomic():
            account(**packet)
            read.set()
            assert looked.wait(LONGEST)

    together(disable, take)
    deliver()


@pytest.mark.usefixtures("patient")
def test_n3_a_session_that_begins_while_its_subscriber_is_disabled_is_ended(packet, radius_router):
    anna, packet = packet
    disabled_beside(anna, packet)
    assert radius_router.told == [("disconnect", anna.login)] and is_applied(anna)


def test_control_it_stayed_online_until_sessions_were_compared(packet, radius_router):
    anna, packet = packet
    module = import_module("billing.migrations.0134_sessions_begin_under_the_lock")
    unlocked = (
        "CREATE OR REPLACE FUNCTION radius.lock_access(subscriptions bigint[]) RETURNS void LANGUAGE sql AS 'SELECT'"
    )
    with connection.cursor() as cursor:
        cursor.execute(unlocked)
        try:
            disabled_beside(anna, packet)
            assert radius_router.told == [] and is_applied(anna) and OnlineSession.objects.exists()
        finally:
            cursor.execute(module.LOCK.replace("CREATE", "CREATE OR REPLACE"))


def test_n3_a_disable_waits_for_the_session_that_has_begun_before_it(packet, radius_router):
    anna, packet = packet
    begun = Event()

    def take():
        with transaction.atomic(), connection.cursor() as cursor:
            account(**packet)
            begun.set()
            until_somebody_waits(cursor)

    def disable():
        assert begun.wait(LONGEST)
        switch(anna, False)

    together(take, disable)
    assert intent_of(anna).reason == "off"
    deliver()
    assert radius_router.told == [("disconnect", anna.login)] and is_applied(anna)


@pytest.mark.usefixtures("patient")
def test_two_sessions_of_one_login_that_begin_at_once_while_it_is_disabled(packet, radius_router):
    anna, packet = packet
    other = radius_router.log_in(anna.login)
    with transaction.atomic():
        switch(anna, False)
    second = {**packet, "kind": "Start", "unique_id": "u2", "session_id": other.session_id}
    together(lambda: account(**packet), lambda: account(**second))
    deliver()
    assert sorted(radius_router.told) == [("disconnect", anna.login)] * 2


def test_who_is_locked_for_long_holds_up_no_server_and_comparing_finds_the_session(packet, radius_router):
    anna, packet = packet
    decided, taken = Event(), Event()

    def disable():
        with transaction.atomic():
            switch(anna, False)
            decided.set()
            assert taken.wait(LONGEST)
        deliver()

    def take():
        assert decided.wait(LONGEST)
        began = time.monotonic()
        account(**packet)
        taken.set()
        return time.monotonic() - began

    _, waited = together(disable, take)
    assert waited < 5
    reconcile(now=timezone.now())
    deliver()
    assert radius_router.told == [("disconnect", anna.login)]
