"""A router whose packets come by IPv6, beside those that come by IPv4."""

import socket

import pytest

from billing.models import LoginAttempt, OnlineSession
from tests.database_places import open_place
from tests.network.freeradius import nas
from tests.network.freeradius.conftest import HOME, started
from tests.network.freeradius.nas import Nas
from tests.network.freeradius.server import require
from tests.services.network.situations import PASSWORD, SECRET, make_online_subscription, make_router

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("settled")]

THERE = "::1"


@pytest.fixture(scope="module")
def server(django_db_setup, django_db_blocker):
    require()
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as line:
        try:
            line.bind((THERE, 0))
        except OSError:
            pytest.skip("needs a kernel with IPv6")
    with open_place() as place:
        yield from started(place, django_db_blocker, RADIUS_ROUTERS_IPV6="::/0", RADIUS_ADDRESS_IPV6=THERE)


@pytest.fixture
def far(server):
    return Nas(server, address=THERE, secret=SECRET)


def test_it_hears_nothing_until_it_is_known_and_everybody_may_sign_in_there_afterwards(far, router):
    subscription = make_online_subscription()
    assert far.sign_in(subscription.login, PASSWORD, seconds=nas.SILENCE) is None
    made = make_router(address=THERE)
    assert any(far.sign_in(subscription.login, PASSWORD, seconds=nas.SILENCE) for _ in range(20))
    assert router.sign_in(subscription.login, PASSWORD).is_accepted
    assert far.sign_in(subscription.login, "wrong").code == nas.REJECT
    assert LoginAttempt.objects.get(result="refused").router_address == THERE
    made.refresh_from_db()
    assert made.state.last_contact_at


def test_its_sessions_are_its_own_also_beside_one_of_the_same_number(far, router):
    subscription = make_online_subscription()
    made = make_router(address=THERE)
    for one in (far, router):
        start = {"User_Name": subscription.login, "Acct_Session_Id": "81", "seconds": nas.SILENCE}
        assert any(one.account(nas.START, **start) for _ in range(20))
    assert set(OnlineSession.objects.values_list("router__address", "nas_address")) == {
        (THERE, THERE),
        (HOME, HOME),
    }
    assert OnlineSession.objects.get(router=made).subscription == subscription
