"""A delivery is written while somebody has to do with the same session: all lock in one order (decision 53)."""

from datetime import timedelta
from importlib import import_module
from threading import Event

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from billing.models import OnlineSession, SessionRecord
from billing.rules.errors import Refused
from billing.rules.network import Cuts
from billing.services.network import claiming, intents, recording
from billing.services.network.intents import TO_BE_ENDED
from billing.services.network.recording import Delivered
from tests.concurrency.races import together
from tests.concurrency.windows import LONGEST, until_somebody_waits
from tests.network.billing_side import intent_of, is_applied, log_in, subscriber
from tests.services.network.situations import account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]

WORKER = "a worker"


@pytest.fixture
def session(router, radius_router):
    """An open session whose router gave its id an hour ago, and for which something is being delivered."""
    anna = subscriber()
    began = timezone.now() - timedelta(hours=1)
    session = log_in(anna, router, radius_router, started_at=began, session_seconds=60)
    intents.enqueue([anna.pk], reason="test", now=began)
    return session


def while_it_is_written(monkeypatch, session, act, **came_of_it):
    """``act`` runs from when a delivery has locked its intents, and the delivery goes on when ``act`` waits for it."""
    write, locked = recording._record, Event()
    wish, _routers = claiming.claim(worker=WORKER, limit=1)[session.subscription_id]
    delivered = Delivered(session.subscription_id, wish, is_done=True, cuts=Cuts(), **came_of_it)

    def when_the_other_waits(rows):
        locked.set()
        with connection.cursor() as cursor:
            until_somebody_waits(cursor)
        return write(rows)

    def act_in_the_window():
        assert locked.wait(LONGEST)
        return act(session)

    with monkeypatch.context() as patch:
        patch.setattr(recording, "_record", when_the_other_waits)
        return together(lambda: recording.record([delivered], worker=WORKER), act_in_the_window)


def use_the_id_again(session):
    """The router begins another session with the same id, under what is not wanted any more."""
    packet = {
        "unique_id": session.unique_id,
        "session_id": session.session_id,
        "class": f"{session.subscription_id}:0-0",
    }
    return account(kind="Start", login=session.login, router=session.router.address, **packet)


def disconnect(session):
    intents.disconnect(session.pk, now=timezone.now())


def changed(session):
    return {"changed": [(session.pk, "another class")]}


def gone(session):
    return {"gone": [session.unique_id]}


def test_an_id_that_is_used_again_beside_a_change(monkeypatch, session):
    while_it_is_written(monkeypatch, session, use_the_id_again, **changed(session))
    record = SessionRecord.objects.get()
    assert (record.cause, record.policy_class) == ("Lost-Id-Used-Again", "another class")
    assert OnlineSession.objects.get().policy_class.endswith(":0-0")
    assert intent_of(session.subscription).reason == "stale-start" and not is_applied(session.subscription)


def test_an_id_that_is_used_again_beside_a_router_that_does_not_know_the_session(monkeypatch, session):
    while_it_is_written(monkeypatch, session, use_the_id_again, **gone(session))
    assert SessionRecord.objects.get().cause == "Lost-503"
    assert not is_applied(session.subscription)


def test_disconnect_now_beside_a_change(monkeypatch, session):
    while_it_is_written(monkeypatch, session, disconnect, **changed(session))
    assert OnlineSession.objects.get().policy_class == TO_BE_ENDED
    assert intent_of(session.subscription).reason == "disconnect" and not is_applied(session.subscription)


def test_disconnect_now_beside_a_router_that_does_not_know_the_session(monkeypatch, session):
    with pytest.raises(Refused, match="is over"):
        while_it_is_written(monkeypatch, session, disconnect, **gone(session))
    assert SessionRecord.objects.get().cause == "Lost-503" and is_applied(session.subscription)


@pytest.mark.parametrize("outcome", [changed, gone])
def test_control_the_session_before_the_intent_is_a_deadlock(monkeypatch, session, outcome):
    @transaction.atomic
    def session_first(session):
        OnlineSession.objects.select_for_update(of=("self",)).get(pk=session.pk)
        intents.request(session.subscription_id, reason="disconnect", now=timezone.now())

    with pytest.raises(OperationalError, match="deadlock"):
        while_it_is_written(monkeypatch, session, session_first, **outcome(session))


def test_control_an_id_that_is_used_again_was_a_deadlock(monkeypatch, session):
    module = import_module("billing.migrations.0124_one_order_of_locks")
    with connection.cursor() as cursor:
        cursor.execute(module.TAKE_AS_BEFORE.split("DROP FUNCTION")[0])
        try:
            with pytest.raises(OperationalError, match="deadlock"):
                while_it_is_written(monkeypatch, session, use_the_id_again, **gone(session))
        finally:
            cursor.execute(module.TAKE[module.TAKE.index("CREATE OR REPLACE FUNCTION radius.take") :])
