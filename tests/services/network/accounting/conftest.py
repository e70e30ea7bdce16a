"""A session to tell PostgreSQL of, packet by packet."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.services.network import policy
from tests.services.network.situations import account, make_online_subscription, make_router, policy_of


def an_hour_of_one_day():
    """The beginning of an hour that is over and in which no day begins: packets of a session are of one day."""
    start = timezone.now().replace(microsecond=0) - timedelta(hours=1)
    return start if (start + timedelta(hours=1)).date() == start.date() else start - timedelta(hours=1)


START = an_hour_of_one_day()


@pytest.fixture(autouse=True)
def settled():
    policy.follow()


@pytest.fixture
def router():
    return make_router()


@pytest.fixture
def subscription(router):
    return make_online_subscription()


@pytest.fixture
def tell(router, subscription):
    """Tell of the session: ``tell("Stop", 600, down=…, up=…)``, so many seconds after its start."""

    def told(kind, after=0, *, down="", up="", **packet):
        values = {
            "kind": kind,
            "login": subscription.login,
            "router": router.address,
            "seconds": after if kind != "Start" else "",
            "at_epoch": int(START.timestamp()) + after,
            "output_octets": down,
            "input_octets": up,
            "class": policy_of(subscription)["class"],
        }
        return account(**{**values, **packet})

    return told
