"""A router that does not know a session and goes on reporting it is listed, and not told for ever (decision 49)."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pyrad import packet as radius

from billing.models import NetworkFinding, OnlineSession, SessionRecord
from billing.services.network import intents
from tests.network.billing_side import class_of, deliver, is_applied, log_in, subscriber, switch
from tests.network.test_reconcile import look, open_findings
from tests.services.network.situations import account

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]

LATER = timedelta(minutes=5)


@pytest.fixture
def router(router, radius_router):
    radius_router.refuses = {radius.DisconnectRequest: 503}
    return router


def report(session):
    """The next interim update comes, an interval after the router said that there is no such session."""
    SessionRecord.objects.update(stopped_at=timezone.now() - LATER)
    named = {"unique_id": session.unique_id, "session_id": session.session_id, "class": session.policy_class}
    addresses = {"router": session.router.address, "nas": session.router.address}
    account(kind="Interim-Update", login=session.login, seconds=300, **named, **addresses)


def test_a_session_that_its_router_denies_and_reports_is_listed_until_it_does_so_no_more(router, radius_router):
    anna = subscriber()
    session = log_in(anna, router, radius_router)
    switch(anna, False)
    deliver()
    look()
    assert open_findings("denied") == [] and is_applied(anna)
    report(session)
    deliver()
    look()
    finding = NetworkFinding.objects.get(kind="denied")
    assert (finding.router, finding.login, finding.resolved_at) == (router, anna.login, None)
    assert "restart the router" in finding.detail
    NetworkFinding.objects.update(last_seen_at=timezone.now() - 3 * LATER)
    look()
    assert open_findings("denied") == []


def test_a_report_that_crossed_the_answer_of_its_router_is_no_finding(router, radius_router):
    anna = subscriber()
    session = log_in(anna, router, radius_router)
    switch(anna, False)
    deliver()
    SessionRecord.objects.update(stopped_at=timezone.now())
    named = {"unique_id": session.unique_id, "session_id": session.session_id, "class": session.policy_class}
    account(kind="Interim-Update", login=session.login, seconds=300, router=router.address, **named)
    assert OnlineSession.objects.exists() and open_findings("denied") == []


def test_who_may_be_online_is_held_after_five_denials(router, radius_router):
    anna = subscriber()
    session = log_in(anna, router, radius_router, policy_class=f"{anna.pk}:00000000-0000")
    intents.enqueue([anna.pk], reason="reconcile", now=timezone.now())
    for _ in range(7):
        deliver()
        report(session)
    deliver()
    assert session.policy_class != class_of(anna) and len(radius_router.told) == 5
    assert intents.status_of(anna.pk).kind == "held"
    assert open_findings("held") == [anna.login]
