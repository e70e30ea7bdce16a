"""The page of the walled garden names what is owed to the address that owes it, and to no other."""

from decimal import Decimal

import pytest
from django.utils import timezone

from billing.models import OnlineSession
from billing.services import access, payments, sweep
from billing.services.network import policy, usage
from tests.builders import make_customer, make_overdue_subscription
from tests.faces.conftest import text_of
from tests.services.network.situations import make_router
from tests.services.network.usage_of import GARDEN, make_capped_subscription, use

HOME, OTHER = "100.64.0.7", "100.64.0.8"


@pytest.fixture(autouse=True)
def _no_proxy(settings):
    settings.PROXY_COUNT = 0
    settings.PAYMENT_ACCOUNT = "DE02 1203 0000 0000 2020 51"


@pytest.fixture
def router():
    return make_router()


def session(subscription, router, address=HOME, **changes):
    number, now = OnlineSession.objects.count(), timezone.now()
    values = {"login": "x", "unique_id": f"u{number}", "session_id": "s", "started_at": now, "updated_at": now}
    return OnlineSession.objects.create(
        subscription=subscription, router=router, framed_address=address, **{**values, **changes}
    )


def cut(code="C-17", **customer):
    subscription = make_overdue_subscription(customer=make_customer(code=code, name="Ann Example", **customer))
    sweep.disable_due(now=timezone.now(), limit=10)
    return subscription


def page(client, address=HOME, **headers):
    answer = client.get("/garden/", REMOTE_ADDR=address, **headers)
    assert answer.status_code == 200
    return text_of(answer)


def test_the_subscriber_sees_what_is_owed_and_how_to_pay(client, router, settings):
    subscription = cut()
    session(subscription, router)
    shown = page(client)
    bill = subscription.lines.get().bill
    for text in ("C-17", "20.00", bill.number, settings.PAYMENT_ACCOUNT):
        assert text in shown
    for personal in ("Ann Example", subscription.login, str(subscription.customer.phone or "no phone")):
        assert personal not in shown


def test_another_address_is_told_of_nobody(client, router):
    session(cut(), router)
    neutral = page(client, OTHER)
    assert "C-17" not in neutral
    assert "Nothing is owed" in neutral


def test_nothing_in_the_request_but_its_address_counts(client, router, settings):
    session(cut(), router)
    assert "C-17" not in page(client, OTHER, HTTP_X_FORWARDED_FOR=HOME, HTTP_X_REAL_IP=HOME)
    settings.PROXY_COUNT = 1
    assert "C-17" not in page(client, "192.0.2.1", HTTP_X_FORWARDED_FOR=f"{HOME}, {OTHER}")
    assert "C-17" in page(client, "192.0.2.1", HTTP_X_FORWARDED_FOR=f"{OTHER}, {HOME}")
    answer = client.get(f"/garden/?address={HOME}&customer=C-17", REMOTE_ADDR=OTHER)
    assert "C-17" not in text_of(answer)
    assert client.get("/garden/C-17/", REMOTE_ADDR=HOME).status_code == 404


def test_the_newest_of_two_sessions_has_the_address(client, router):
    first, second = cut("C-1"), cut("C-2")
    now = timezone.now()
    session(second, router, started_at=now)
    session(first, router, started_at=now - timezone.timedelta(hours=1))
    assert "C-2" in page(client)
    assert "C-1" not in page(client).replace("C-17", "")


def test_an_address_that_two_routers_gave_out_names_nobody(client, router):
    session(cut("C-1"), router)
    session(cut("C-2"), make_router())
    assert "Nothing is owed" in page(client)


def test_a_newer_session_of_somebody_unknown_names_nobody(client, router):
    now = timezone.now()
    session(cut(), router, started_at=now - timezone.timedelta(hours=1))
    session(None, router, started_at=now)
    assert "Nothing is owed" in page(client)


def test_a_session_that_was_not_heard_of_names_nobody(client, router, settings):
    silent = timezone.timedelta(seconds=3 * settings.NETWORK_INTERIM_SECONDS + 1)
    session(cut(), router, updated_at=timezone.now() - silent)
    assert "Nothing is owed" in page(client)


def test_who_is_on_or_off_for_another_reason_is_told_of_nothing(client, router):
    subscription = cut()
    session(subscription, router)
    access.disable(subscription=subscription, now=timezone.now())
    assert "C-17" not in page(client)
    access.restore(subscription=subscription, now=timezone.now())
    assert "C-17" in page(client)
    payments.receive(customer=subscription.customer, amount=Decimal(20), method="cash", now=timezone.now())
    assert "C-17" not in page(client)


@pytest.mark.parametrize(
    ("stored", "asked"), [("2001:db8::7", "2001:0DB8:0:0::7"), (HOME, f"::ffff:{HOME}"), ("fe80::7", "fe80::7")]
)
def test_addresses_are_compared_and_not_their_texts(client, router, stored, asked):
    session(cut(), router, address=stored)
    assert "C-17" in page(client, asked)


@pytest.mark.parametrize("asked", ["fe80::7%eth0", "not-an-address", ""])
def test_what_is_no_address_of_a_subscriber_is_told_of_nobody(client, router, asked):
    session(cut(), router, address="fe80::7")
    assert "Nothing is owed" in page(client, asked)


def test_nobody_keeps_the_page_and_it_runs_nothing_from_elsewhere(client, router):
    session(cut(), router)
    answer = client.get("/garden/", REMOTE_ADDR=HOME)
    assert "no-store" in answer["Cache-Control"]
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert not answer.cookies
    assert client.post("/garden/", REMOTE_ADDR=HOME).status_code == 405


def test_it_speaks_the_language_of_the_customer(client, router):
    session(cut(language="es"), router)
    assert 'lang="es"' in page(client)
    assert "facturas impagadas" in page(client)


def test_it_asks_as_many_queries_for_every_address(client, router, django_assert_num_queries):
    session(cut(), router)
    with django_assert_num_queries(1):
        page(client, OTHER)
    with django_assert_num_queries(2):
        page(client)


@pytest.mark.parametrize(
    ("language", "owed", "nothing"),
    [
        ("en", "Your internet access is limited", "Nothing is owed"),
        ("bn", "আপনার ইন্টারনেট সংযোগ সীমিত", "কোনো বকেয়া নেই"),
        ("es", "acceso a internet", "No se debe nada"),
        ("pt", "acesso à internet", "Nada"),
        ("fr", "accès à internet", "Rien"),
        ("ar", "خدمة الإنترنت", "لا يوجد مبلغ"),
    ],
)
def test_the_page_speaks_the_language_of_the_customer_and_else_of_the_browser(client, router, language, owed, nothing):
    session(cut(language=language), router)
    session(cut("C-18"), router, "100.64.0.9")
    own = page(client, HTTP_ACCEPT_LANGUAGE="fr" if language == "en" else "en")
    assert f'<html lang="{language}" dir="{"rtl" if language == "ar" else "ltr"}">' in own
    assert owed in own
    assert owed in page(client, "100.64.0.9", HTTP_ACCEPT_LANGUAGE=f"de,{language};q=0.8")
    assert nothing in page(client, OTHER, HTTP_ACCEPT_LANGUAGE=language)


def test_who_has_used_up_the_quota_is_told_when_it_begins_anew_and_nothing_else(client, router):
    policy.follow()
    ann, now = make_capped_subscription(1, GARDEN), timezone.now()
    session(ann, router)
    assert "Nothing is owed" in page(client)
    use(ann, now, 1)
    usage.count(now=now)
    shown = page(client)
    assert "data of this period is used up" in shown and f"{usage.of(ann, now=now).end.year}" in shown
    for other in ("Nothing is owed", ann.login, ann.customer.code, ann.customer.name):
        assert other not in shown
    assert "used up" not in page(client, OTHER)
    access.disable(subscription=ann, now=now)
    assert "used up" not in page(client)
