"""From accounting packets over the wire to the speed of the next sign-in, and back with the period (decision 52)."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import NetworkIntent
from billing.services.network import usage
from tests.network.freeradius import nas
from tests.services.network.situations import PASSWORD
from tests.services.network.usage_of import GARDEN, make_capped_subscription

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("settled")]

GIGABYTE_AND_MORE = 1_100_000_000


def speed(router, subscription):
    return router.sign_in(subscription.login, PASSWORD).attributes["Mikrotik-Rate-Limit"]


def report(router, subscription, kind, octets=0, seconds=0):
    assert router.account(
        kind,
        User_Name=subscription.login,
        Acct_Session_Id="81000007",
        Acct_Session_Time=seconds,
        Acct_Output_Octets=octets,
        Class=router.sign_in(subscription.login, PASSWORD).attributes["Class"],
    )


def test_slower_after_the_quota_and_full_speed_with_the_next_period(router):
    anna = make_capped_subscription(1)
    assert speed(router, anna) == "2000k/10000k"
    report(router, anna, nas.START)
    report(router, anna, nas.INTERIM, 900_000_000, 300)
    usage.count(now=timezone.now())
    assert speed(router, anna) == "2000k/10000k"
    report(router, anna, nas.INTERIM, GIGABYTE_AND_MORE, 600)
    NetworkIntent.objects.all().delete()
    usage.count(now=timezone.now())
    assert speed(router, anna) == "256k/512k"
    assert NetworkIntent.objects.get().subscription == anna  # the session under way is changed, too
    usage.count(now=timezone.now() + timedelta(days=32))
    assert speed(router, anna) == "2000k/10000k"


def test_the_garden_after_the_quota(router, settings):
    anna = make_capped_subscription(1, GARDEN)
    report(router, anna, nas.START)
    report(router, anna, nas.INTERIM, GIGABYTE_AND_MORE, 600)
    usage.count(now=timezone.now())
    answer = router.sign_in(anna.login, PASSWORD)
    assert answer.attributes["Mikrotik-Address-List"] == settings.GARDEN_ADDRESS_LIST
    assert answer.attributes["Mikrotik-Rate-Limit"] == f"{settings.GARDEN_KBPS}k/{settings.GARDEN_KBPS}k"
    usage.count(now=timezone.now() + timedelta(days=32))
    assert "Mikrotik-Address-List" not in router.sign_in(anna.login, PASSWORD).attributes
