"""What happens between two steps of a delivery is not lost, also while nothing is compared (rules N1, N3, N4)."""

import pytest

from billing.models import OnlineSession, Plan
from billing.services.network import claiming, delivery, intents
from billing.services.network.recording import Idle
from tests.jobs.notes import until
from tests.network.billing_side import (
    class_of,
    deliver,
    delivering,
    is_applied,
    log_in,
    make_router,
    subscriber,
    switch,
)
from tests.network.fake_radius import FakeRadiusRouter
from tests.services.network.situations import account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]


@pytest.fixture
def other_radius_router():
    router = FakeRadiusRouter("127.0.0.2")
    yield router
    router.close()


@pytest.fixture
def router(radius_router, key):
    return make_router(radius_router, supports_coa=True)


@pytest.fixture
def other_router(other_radius_router, key):
    return make_router(other_radius_router, supports_coa=True)


def another_speed(subscription):
    Plan.objects.filter(pk=subscription.plan_id).update(download_kbps=50000)


def test_n3_a_session_that_begins_while_it_is_noted_that_there_is_none_is_ended(router, radius_router, monkeypatch):
    anna = subscriber()
    accepted_under, write = class_of(anna), delivery.Worker._write

    def begin_first(worker, outcomes):
        if any(isinstance(one, Idle) for one in outcomes) and not OnlineSession.objects.exists():
            session = radius_router.log_in(anna.login)
            packet = {"unique_id": "u1", "session_id": session.session_id, "class": accepted_under}
            account(login=anna.login, router=router.address, nas=router.address, **packet)
        return write(worker, outcomes)

    monkeypatch.setattr(delivery.Worker, "_write", begin_first)
    switch(anna, False)
    with delivering():
        until(lambda: radius_router.told)
    assert radius_router.told == [("disconnect", anna.login)]


def test_what_staff_ask_while_a_router_is_told_something_else_is_done_next(router, radius_router):
    anna = subscriber()
    session = log_in(anna, router, radius_router)
    radius_router.delay = 0.2
    with delivering():
        another_speed(anna)
        until(lambda: radius_router.told)
        intents.disconnect(session.pk, now=session.started_at)
        until(lambda: len(radius_router.told) == 2)
        until(lambda: is_applied(anna))
    assert radius_router.told == [("coa", anna.login), ("disconnect", anna.login)]


def test_n4_a_wish_that_comes_between_two_routers_reaches_both(
    router, radius_router, other_router, other_radius_router
):
    anna = subscriber()
    fakes = radius_router, other_radius_router
    log_in(anna, router, radius_router)
    log_in(anna, other_router, other_radius_router)
    for fake in fakes:
        fake.delay = 0.2
    with delivering():
        another_speed(anna)
        until(lambda: radius_router.told or other_radius_router.told)
        switch(anna, False)
        until(lambda: is_applied(anna))
    assert [fake.sessions for fake in fakes] == [{}, {}]


def test_n3_a_session_that_begins_elsewhere_after_the_intent_was_taken_is_ended_too(
    router, radius_router, other_router, other_radius_router, monkeypatch
):
    anna = subscriber()
    log_in(anna, router, radius_router)
    accepted_under, needs = class_of(anna), claiming.needs

    def begin_first(*arguments, **named):
        if not other_radius_router.sessions and not other_radius_router.told:
            log_in(anna, other_router, other_radius_router, policy_class=accepted_under)
        return needs(*arguments, **named)

    monkeypatch.setattr(claiming, "needs", begin_first)
    switch(anna, False)
    deliver()
    assert is_applied(anna)
    assert other_radius_router.told == [("disconnect", anna.login)]
