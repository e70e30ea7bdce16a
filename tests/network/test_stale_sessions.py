"""Sessions that are closed because nothing is heard of them (decision 48): what is told of it, and from when on."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import NetworkFinding, NetworkPolicy, OnlineSession, RouterState
from tests.network.billing_side import log_in, subscriber
from tests.network.test_reconcile import look, open_findings

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("key")]

INTERVAL = timedelta(minutes=5)


@pytest.fixture
def router(router):
    """It is heard of: somebody signs in now and then."""
    RouterState.objects.create(router=router, last_contact_at=timezone.now())
    return router


@pytest.fixture
def online(router, radius_router):
    def begin(*, before: timedelta, reported: timedelta = timedelta()):
        """A session that began so long before now, and was reported last so long after its start."""
        began = timezone.now() - before
        return log_in(
            subscriber(),
            router,
            radius_router,
            started_at=began,
            updated_at=began + reported,
            session_seconds=reported.total_seconds(),
        )

    return begin


def test_a_router_whose_sessions_are_never_reported_is_listed_with_what_to_do(online, router):
    for _ in range(3):
        online(before=4 * INTERVAL)
    online(before=INTERVAL)
    assert look().closed == 3
    finding = NetworkFinding.objects.get(kind="no-updates", resolved_at=None)
    assert (finding.router, finding.login) == (router, "")
    assert "3 were just closed" in finding.detail and "every 300 seconds" in finding.detail
    OnlineSession.objects.all().delete()
    look()
    assert open_findings("no-updates") == [""]  # that nobody is online tells nothing
    online(before=2 * INTERVAL, reported=INTERVAL)
    look()
    assert open_findings("no-updates") == []


def test_a_session_that_is_lost_beside_others_that_are_reported_is_no_finding(online):
    online(before=4 * INTERVAL)
    online(before=4 * INTERVAL, reported=3 * INTERVAL)
    assert look().closed == 1
    assert open_findings("no-updates") == []


def test_sessions_that_were_reported_before_they_were_lost_are_no_finding(online):
    online(before=6 * INTERVAL, reported=INTERVAL)
    assert look().closed == 1
    assert open_findings("no-updates") == []


def test_a_router_that_is_not_in_use_any_more_leaves_the_list(online, router):
    online(before=4 * INTERVAL)
    look()
    assert open_findings("no-updates") == [""]
    type(router).objects.update(is_active=False)
    look()
    assert open_findings("no-updates") == []


def changed_so_long_ago(ago: timedelta):
    NetworkPolicy.objects.update(interim_since=timezone.now() - ago)


def test_a_session_is_closed_by_the_interval_that_it_began_with(online, report_every):
    report_every(60)
    changed_so_long_ago(2 * INTERVAL)
    before = online(before=5 * INTERVAL, reported=3 * INTERVAL)  # ten minutes ago, within three intervals of five
    since = online(before=INTERVAL)
    assert look().closed == 1
    assert list(OnlineSession.objects.all()) == [before] and since.pk != before.pk
    OnlineSession.objects.update(updated_at=timezone.now() - 3.1 * INTERVAL)
    assert look().closed == 1


def test_the_longest_interval_of_open_sessions_is_remembered(online, report_every):
    session = online(before=INTERVAL)
    report_every(120)
    report_every(60)
    assert NetworkPolicy.objects.get().former_interim_seconds == 300
    session.delete()
    report_every(90)
    assert NetworkPolicy.objects.get().former_interim_seconds == 60
