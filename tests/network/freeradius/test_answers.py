"""Real FreeRADIUS with the folder that is shipped, asked by a router that knows only the RFCs (rules N1 to N3)."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from billing.models import (
    AccessState,
    Block,
    LoginAttempt,
    Plan,
    Subscription,
)
from billing.services import access
from billing.services.network import policy
from tests.builders import make_subscription
from tests.network.freeradius import nas
from tests.services.network.situations import PASSWORD, make_online_subscription, policy_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("settled")]

HOWS = ["pap", "chap", "ms-chap2"]


def test_the_configuration_is_right_and_is_that_of_this_folder_only(server):
    checked = server.check()
    assert checked.returncode == 0 and "Configuration appears to be OK" in checked.stdout, checked.stdout[-2000:]
    assert not re.search(r"(?i)including.* /etc|deprecated|warning", checked.stdout)


@pytest.mark.parametrize(
    ("name", "value"), [("NETWORK_KEY", ""), ("NETWORK_KEY", "it's"), ("RADIUS_DATABASE_PASSWORD", "")]
)
def test_without_its_secrets_it_says_what_to_set(server, name, value, monkeypatch):
    monkeypatch.setitem(server.environment, name, value)
    checked = server.check()
    assert checked.returncode == 1 and name in checked.stderr and len(checked.stderr.splitlines()) == 1


@pytest.mark.parametrize("how", HOWS)
def test_who_is_on_signs_in_with_what_the_plan_gives(router, how):
    subscription = make_online_subscription(pool="homes", address_list="paying")
    answer = router.sign_in(subscription.login, PASSWORD, how=how)
    assert answer.is_accepted
    told = answer.attributes
    assert (told["Framed-Pool"], told["Mikrotik-Rate-Limit"], told["Mikrotik-Address-List"]) == (
        "homes", "2000k/10000k", "paying",
    )  # fmt: skip
    assert told["Acct-Interim-Interval"] == 300 and told["Class"] == policy_of(subscription)["class"]
    assert "Session-Timeout" not in told and ("MS-CHAP2-Success" in told) is (how == "ms-chap2")
    attempt = LoginAttempt.objects.get()
    assert (attempt.login, attempt.result, attempt.count) == (subscription.login, "accepted", 1)


@pytest.mark.parametrize("how", HOWS)
def test_a_wrong_password_is_refused(router, how):
    subscription = make_online_subscription()
    answer = router.sign_in(subscription.login, "wrong-horse", how=how)
    assert answer.code == nas.REJECT and not answer.attributes.keys() - {"Message-Authenticator", "311-2"}
    assert LoginAttempt.objects.get().reason == "wrong password"


@pytest.mark.parametrize("how", HOWS)
def test_who_is_off_is_refused_and_let_in_again(router, how):
    subscription = make_online_subscription()
    access.disable(subscription=subscription, now=timezone.now())
    answer = router.sign_in(subscription.login, PASSWORD, how=how)
    assert answer.code == nas.REJECT and "Reply-Message" not in answer.attributes
    assert LoginAttempt.objects.get().reason == "manual"
    access.restore(subscription=subscription, now=timezone.now())
    assert router.sign_in(subscription.login, PASSWORD, how=how).is_accepted


def test_who_owes_gets_the_garden(router, settings):
    settings.UNPAID_ACCESS, settings.GARDEN_KBPS = "garden", 128
    policy.follow()
    subscription = make_online_subscription(pool="homes")
    Block.objects.create(subscription=subscription, reason="unpaid", opened_at=timezone.now())
    AccessState.objects.update(is_on=False)
    answer = router.sign_in(subscription.login, PASSWORD)
    assert answer.is_accepted and answer.attributes["Mikrotik-Address-List"] == "unpaid"
    assert answer.attributes["Mikrotik-Rate-Limit"] == "128k/128k"


def test_the_end_comes_by_time_alone(router):
    subscription = make_online_subscription()
    tomorrow = timezone.now().date() + timedelta(days=1)
    Subscription.objects.update(ends_on=tomorrow)
    assert 0 < router.sign_in(subscription.login, PASSWORD).attributes["Session-Timeout"] <= 86400
    Subscription.objects.update(ends_on=tomorrow - timedelta(days=1))
    assert router.sign_in(subscription.login, PASSWORD).code == nas.REJECT
    assert LoginAttempt.objects.get(result="refused").reason == "ended"


def test_speed_and_fixed_address_follow_at_the_next_sign_in(router):
    subscription = make_online_subscription(fixed_address="10.9.8.7")
    first = router.sign_in(subscription.login, PASSWORD).attributes
    assert first["Framed-IP-Address"] == "10.9.8.7" and "Framed-Pool" not in first
    Plan.objects.update(download_kbps=50000, upload_kbps=None)
    second = router.sign_in(subscription.login, PASSWORD).attributes
    assert second["Mikrotik-Rate-Limit"] == "50000k/50000k" and second["Class"] != first["Class"]
    Plan.objects.update(download_kbps=None)
    assert "Mikrotik-Rate-Limit" not in router.sign_in(subscription.login, PASSWORD).attributes


def test_without_credentials_there_is_no_access(router):
    subscription = make_subscription()
    assert router.sign_in(subscription.login, PASSWORD).code == nas.REJECT
    assert LoginAttempt.objects.get().reason == "no password set"
