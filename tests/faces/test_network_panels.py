"""What the page of a subscription says of the network: how far it is, what is listed, what was used."""

import pytest
from django.utils import timezone

from billing.models import NetworkFinding, NetworkIntent, UsageDay
from billing.services.network import findings, policy
from billing.services.network.findings import Found
from tests.builders import make_subscription
from tests.faces.conftest import text_of, url
from tests.services.network.situations import make_online_subscription, make_router
from tests.services.network.usage_of import GARDEN, THROTTLE, make_capped_subscription, use

Kind = NetworkFinding.Kind


def test_the_page_of_a_subscription_tells_how_far_the_network_is(admin_client):
    subscription = make_subscription()
    assert "Network was not" not in text_of(admin_client.get(url(subscription)))
    make_router()
    assert "was not told anything" in text_of(admin_client.get(url(subscription)))
    admin_client.post(url(subscription, "apply_again"))
    assert "Pending: it waits" in text_of(admin_client.get(url(subscription)))
    NetworkIntent.objects.update(failing_since="2026-05-05T12:00Z", last_error="No answer")
    assert "Failing since" in text_of(admin_client.get(url(subscription)))


def test_the_page_of_a_subscription_tells_what_is_listed_of_its_login(admin_client):
    subscription, router = make_online_subscription(), make_router()
    told = "The router denies the session of {}."
    for login in (subscription.login.upper(), "another"):
        findings.note(Kind.DENIED, [Found(router.pk, login, told.format(login))])
    page = text_of(admin_client.get(url(subscription)))
    assert told.format(subscription.login.upper()) in page and told.format("another") not in page
    findings.settle(Kind.DENIED, [])
    assert "denies" not in text_of(admin_client.get(url(subscription)))


def test_what_was_used_is_drawn_by_day(admin_client, staff):
    subscription = make_subscription()
    assert "Used per day" not in text_of(admin_client.get(url(subscription)))
    for day, down in (("2026-05-01", 2_000_000_000), ("2026-05-02", 500_000)):
        UsageDay.objects.create(subscription=subscription, day=day, download_bytes=down, upload_bytes=1_000)
    page = text_of(admin_client.get(url(subscription)))
    assert "2.0 GB on 2 days" in page
    assert "500.0 kB down, 1.0 kB up" in page
    assert "Used per day" not in text_of(staff("view_subscription").get(url(subscription)))


@pytest.mark.parametrize(("beyond", "told"), [(THROTTLE, "slower until then"), (GARDEN, "no access until then")])
def test_what_is_used_of_the_quota_is_told(admin_client, beyond, told):
    policy.follow()
    subscription = make_capped_subscription(2, beyond)
    use(subscription, timezone.now(), 1.5)
    page = text_of(admin_client.get(url(subscription)))
    assert "Quota: 1.5 GB of 2 GB used since" in page and told not in page
    use(subscription, timezone.now(), 0.5)
    page = text_of(admin_client.get(url(subscription)))
    assert "Quota: 2.0 GB of 2 GB used since" in page and told in page
    assert "Quota:" not in text_of(admin_client.get(url(make_online_subscription())))
