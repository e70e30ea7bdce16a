"""What a subscription gets from the network: on, garden or off, and under which speed and address (rules N1, E6)."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import InternalError, connection, transaction
from django.utils import timezone

from billing.models import AccessState, Block, DataUse, NetworkAccount, NetworkPolicy, Plan, Subscription
from billing.services import clock
from billing.services.network import policy, sealing
from tests.builders import make_subscription
from tests.services.network.situations import (
    PASSWORD,
    answer_to,
    asked,
    make_online_subscription,
    make_router,
    policy_of,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def garden(settings):
    settings.GARDEN_POOL = "garden"
    policy.follow()


def block(subscription, *reasons):
    for reason in reasons:
        Block.objects.create(subscription=subscription, reason=reason, opened_at=timezone.now())
    AccessState.objects.filter(pk=subscription.pk).update(is_on=False)


def today():
    return clock.local_date(timezone.now())


def test_who_is_on_gets_what_the_plan_says():
    subscription = make_online_subscription(pool="homes", address_list="paying")
    assert answer_to(subscription.login) == {
        "Cleartext-Password": PASSWORD,
        "Framed-Pool": "homes", "Mikrotik-Rate-Limit": "2000k/10000k", "Mikrotik-Address-List": "paying",
        "Acct-Interim-Interval": "300", "Class": policy_of(subscription)["class"],
    }  # fmt: skip


def test_a_plan_without_speed_limits_nothing_and_one_speed_counts_both_ways():
    subscription = make_online_subscription(download_kbps=None, upload_kbps=None)
    assert "Mikrotik-Rate-Limit" not in answer_to(subscription.login)
    one = make_online_subscription(download_kbps=8000, upload_kbps=None)
    assert answer_to(one.login)["Mikrotik-Rate-Limit"] == "8000k/8000k"


def test_a_fixed_address_is_given_instead_of_a_pool():
    subscription = make_online_subscription(pool="homes", fixed_address="10.9.8.7")
    told = answer_to(subscription.login)
    assert told["Framed-IP-Address"] == "10.9.8.7" and "Framed-Pool" not in told
    sixth = make_online_subscription(fixed_address="2001:db8::7")
    assert answer_to(sixth.login)["Framed-IPv6-Address"] == "2001:db8::7"


@pytest.mark.parametrize(
    ("reasons", "installation", "plan", "state"),
    [
        (["unpaid"], "off", "", "off"),
        (["unpaid"], "garden", "", "garden"),
        (["unpaid"], "garden", "off", "off"),
        (["unpaid"], "off", "garden", "garden"),
        (["quota"], "off", "", "garden"),
        (["quota", "unpaid"], "off", "", "off"),
        (["quota", "unpaid"], "garden", "", "garden"),
        (["manual"], "garden", "garden", "off"),
        (["hold"], "garden", "garden", "off"),
        (["abuse"], "garden", "garden", "off"),
        (["ended"], "garden", "garden", "off"),
        (["pending"], "garden", "garden", "off"),
        (["unpaid", "manual"], "garden", "garden", "off"),
        (["quota", "hold"], "garden", "garden", "off"),
    ],
)
def test_only_who_owes_or_used_up_the_quota_gets_the_garden(settings, reasons, installation, plan, state):
    settings.UNPAID_ACCESS = installation
    policy.follow()
    subscription = make_online_subscription(unpaid_access=plan)
    block(subscription, *reasons)
    assert policy_of(subscription)["state"] == state
    assert policy_of(subscription)["why"] == ", ".join(sorted(reasons))


def test_the_garden_has_its_own_speed_pool_and_list(settings):
    settings.UNPAID_ACCESS, settings.GARDEN_KBPS, settings.GARDEN_ADDRESS_LIST = "garden", 128, "debtors"
    assert policy.follow()
    subscription = make_online_subscription(pool="homes", address_list="paying", fixed_address="10.9.8.7")
    block(subscription, "unpaid")
    told = answer_to(subscription.login)
    assert (told["Framed-Pool"], told["Mikrotik-Rate-Limit"], told["Mikrotik-Address-List"]) == (
        "garden", "128k/128k", "debtors",
    )  # fmt: skip
    assert "Framed-IP-Address" not in told


def test_a_garden_without_a_pool_leaves_the_address(settings):
    settings.UNPAID_ACCESS, settings.GARDEN_POOL = "garden", ""
    policy.follow()
    subscription = make_online_subscription(fixed_address="10.9.8.7")
    block(subscription, "unpaid")
    assert answer_to(subscription.login)["Framed-IP-Address"] == "10.9.8.7"


@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"pool": "homes", "address_list": "paying"},
        {"pool": "homes", "fixed_address": "10.9.8.7"},
        {"fixed_address": "2001:db8::7", "address_list": "paying"},
        {"download_kbps": None, "upload_kbps": 700},
        {"download_kbps": None, "upload_kbps": None},
        {"ends_on": timezone.now().date() + timedelta(days=40), "pool": "homes"},
    ],
)
def test_what_is_read_from_the_rows_of_who_is_just_on_is_what_the_policy_says(plan):
    """Sign-ins of nearly everybody are answered past the view; an end in the future goes by the view."""
    subscription = make_online_subscription(**plan)
    told, wanted = answer_to(subscription.login), policy_of(subscription)
    speed = f"{wanted['up_kbps']}k/{wanted['down_kbps']}k" if wanted["up_kbps"] else None
    address = told.get("Framed-IP-Address") or told.get("Framed-IPv6-Address")
    assert (told["Class"], told.get("Mikrotik-Rate-Limit"), told.get("Framed-Pool", ""), address) == (
        wanted["class"], speed, wanted["pool"], wanted["framed_address"],
    )  # fmt: skip
    assert told.get("Mikrotik-Address-List", "") == wanted["address_list"]
    assert ("Session-Timeout" in told) is (wanted["session_timeout"] is not None)


def test_off_is_a_refusal_that_tells_nothing():
    subscription = make_online_subscription()
    block(subscription, "manual")
    assert answer_to(subscription.login) is None


def test_a_cut_off_that_passed_is_left_to_billing_to_decide():
    """The circuit breaker and the calendar without cuts must not be got round by the clock (rules E10, E14)."""
    subscription = make_online_subscription()
    AccessState.objects.filter(pk=subscription.pk).update(cut_off_at=timezone.now() - timedelta(days=9))
    assert policy_of(subscription)["state"] == "on"


@pytest.mark.parametrize(("days", "state"), [(-1, "off"), (0, "off"), (1, "on")])
def test_the_last_day_ends_it_by_time_alone(days, state):
    subscription = make_online_subscription()
    Subscription.objects.filter(pk=subscription.pk).update(ends_on=today() + timedelta(days=days))
    found = policy_of(subscription)
    assert found["state"] == state and AccessState.objects.get(pk=subscription.pk).is_on
    if state == "off":
        assert found["why"] == "ended" and found["session_timeout"] is None
    else:
        assert 0 < found["session_timeout"] <= 86400


def test_the_day_is_that_of_the_installation(settings):
    subscription = make_online_subscription()
    with connection.cursor() as cursor:
        cursor.execute("SELECT (now() AT TIME ZONE 'Pacific/Kiritimati')::date")  # 14 hours ahead
        Subscription.objects.filter(pk=subscription.pk).update(ends_on=cursor.fetchone()[0])
    settings.TIME_ZONE = "Pacific/Kiritimati"
    policy.follow()
    assert policy_of(subscription)["state"] == "off"
    settings.TIME_ZONE = "Pacific/Niue"  # 25 hours behind that
    policy.follow()
    assert policy_of(subscription)["state"] == "on"


def test_a_zone_that_postgresql_does_not_know_stops_the_migration(settings):
    """Otherwise each packet of accounting, and each sign-in with a last day, would be an error."""
    settings.TIME_ZONE = "localtime"  # known to Python alone, as Asia/Calcutta is where PostgreSQL has no tzdata-legacy
    with pytest.raises(SystemCheckError, match="PostgreSQL knows no localtime"):
        call_command("migrate", "--check", skip_checks=False)
    settings.TIME_ZONE = "Asia/Kolkata"
    call_command("migrate", "--check", skip_checks=False)


def test_a_quota_that_throttles_slows_down_within_its_period_only():
    subscription = make_online_subscription(
        quota_gb=50, over_quota=Plan.OverQuota.THROTTLE, throttled_download_kbps=512, throttled_upload_kbps=256
    )
    before = policy_of(subscription)
    DataUse.objects.create(
        subscription=subscription, period_start=today(), period_end=today() + timedelta(days=1), is_over=True
    )
    over = policy_of(subscription)
    assert (over["state"], over["down_kbps"], over["up_kbps"]) == ("on", 512, 256)
    DataUse.objects.update(period_start=today() - timedelta(days=9), period_end=today())
    assert policy_of(subscription) == before and over["class"] != before["class"]


def test_the_class_tells_what_a_session_runs_under():
    """The part after “-” is that of the address and the pool: those are not changed in a running session."""
    subscription = make_online_subscription(pool="homes")
    first = policy_of(subscription)["class"]
    assert first.startswith(f"{subscription.pk}:") and len(first) == len(f"{subscription.pk}:") + 8 + 1 + 4
    Plan.objects.update(download_kbps=20000)
    faster = policy_of(subscription)["class"]
    assert faster != first and faster.split("-")[1] == first.split("-")[1]
    NetworkAccount.objects.update(fixed_address="10.0.0.9")
    assert policy_of(subscription)["class"].split("-")[1] != first.split("-")[1]
    NetworkAccount.objects.update(fixed_address=None, password_sealed=sealing.seal("another"))
    Plan.objects.update(download_kbps=10000, price=99)
    assert policy_of(subscription)["class"] == first


def test_logins_are_compared_in_lower_case_and_two_of_a_kind_are_refused():
    make_online_subscription(login="Ann@Example.Net")
    assert answer_to("ann@example.net")["Cleartext-Password"] == PASSWORD
    other = make_online_subscription()
    type(other).objects.filter(pk=other.pk).update(login="ann@example.net")  # as from before there was a check
    assert answer_to("ann@example.net") is None


def test_without_credentials_nobody_signs_in_and_an_unknown_login_is_nothing():
    assert answer_to(make_subscription().login) is None
    assert answer_to("nobody") is None


@pytest.mark.parametrize("password", ["`id`", "'quoted'", '"%{User-Name}"', "a|b", "x" * 200])
def test_a_password_comes_out_as_it_is(password):
    assert answer_to(make_online_subscription(password=password).login)["Cleartext-Password"] == password


def test_what_is_sealed_with_another_key_is_an_error_and_no_refusal(settings):
    """FreeRADIUS is silent on an error, so that the router asks again; a refusal would count as the subscriber's."""
    subscription = make_online_subscription()
    settings.NETWORK_KEY = "another-key-" * 4
    with pytest.raises(InternalError, match="is not the key"), transaction.atomic():
        answer_to(subscription.login)


def test_without_the_row_of_settings_it_is_an_error_too():
    subscription = make_online_subscription()
    NetworkPolicy.objects.all().delete()
    with pytest.raises(InternalError, match="billing_networkpolicy"), transaction.atomic():
        answer_to(subscription.login)


def test_following_the_settings_writes_only_what_differs(settings):
    assert not policy.follow()
    settings.NETWORK_INTERIM_SECONDS, settings.GARDEN_KBPS = 120, 64
    assert policy.follow() and not policy.follow()
    row = NetworkPolicy.objects.get()
    assert (row.interim_seconds, row.garden_kbps, row.time_zone) == (120, 64, settings.TIME_ZONE)
    subscription = make_online_subscription()
    assert answer_to(subscription.login)["Acct-Interim-Interval"] == "120"


def test_a_login_is_found_by_its_index():
    make_online_subscription()
    with transaction.atomic():
        connection.cursor().execute(
            "UPDATE pg_class SET relpages = 1, reltuples = 1000000"
            " WHERE oid IN ('billing_subscription'::regclass, 'billing_accessstate'::regclass)"
        )
        plan = asked("EXPLAIN SELECT * FROM radius.policy WHERE login = 'x'")
        transaction.set_rollback(True)
    assert "subscription_by_lower_login" in str(plan)


def test_a_router_without_a_secret_is_unknown_and_no_fault():
    router = make_router(kind="dry-run", secret_sealed=None)
    assert asked("SELECT radius.router_secret(%s) AS secret", router.address) == [{"secret": None}]
