"""What is noted of a sign-in, and of the router that asked (decision 54)."""

from datetime import timedelta
from threading import Event

import pytest
from django.db import connection, transaction
from django.utils import timezone

from billing.models import LoginAttempt, RouterState
from tests.concurrency.races import together
from tests.concurrency.windows import LONGEST, until_somebody_waits
from tests.services.network.situations import asked, make_router

pytestmark = pytest.mark.django_db(transaction=True)


def note(router, answer="Access-Accept", station=""):
    asked("SELECT radius.post_auth('home1', %s, '', %s, %s)", answer, router.address, station)


def test_each_is_counted_in_the_row_of_its_result():
    first, second = make_router(), make_router(address="2001:db8::1")
    note(first, station="one")
    note(first, "Access-Reject")
    note(second, station="two")
    noted = LoginAttempt.objects.order_by("result")
    assert list(noted.values_list("result", "count", "reason", "calling_station", "router_address")) == [
        ("accepted", 2, "", "two", second.address),
        ("refused", 1, "wrong password", "", first.address),
    ]


def test_two_first_ones_at_the_same_moment_are_both_counted():
    router, noted = make_router(), Event()

    def one():
        with transaction.atomic(), connection.cursor() as cursor:
            note(router)
            noted.set()
            until_somebody_waits(cursor)

    def another():
        assert noted.wait(LONGEST)
        note(router)

    together(one, another)
    assert LoginAttempt.objects.get().count == 2


def test_a_connection_says_once_a_minute_that_it_heard_a_router():
    routers = make_router(), make_router(address="2001:db8::1")
    long_ago = timezone.now() - timedelta(hours=1)
    with transaction.atomic():  # in which no minute passes
        for router in routers:
            note(router)
        assert RouterState.objects.filter(last_contact_at__gt=long_ago).count() == 2
        RouterState.objects.update(last_contact_at=long_ago)
        note(routers[0])
        assert RouterState.objects.filter(last_contact_at=long_ago).count() == 2
        asked("SELECT set_config('isp.heard_2001_db8__1', 'the minute before', false)")
        for router in routers:
            note(router)
        assert list(RouterState.objects.filter(last_contact_at__gt=long_ago)) == [routers[1].state]
