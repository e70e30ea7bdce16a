"""Wrong passwords lock a name at an address, and an address after more; an owner unlocks."""

from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.auth.models import User
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from tests.faces.conftest import list_url, text_of
from tests.faces.roles import somebody
from utils.sign_in.addresses import client_address

PASSWORD = "a-long-enough-password"
HOME, OFFICE = "198.51.100.7", "203.0.113.9"

pytestmark = pytest.mark.usefixtures("quick_hashes", "ann")


@pytest.fixture
def quick_hashes(settings):
    """The real ones are slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ann():
    return User.objects.create_user("ann", password=PASSWORD, is_staff=True)


def sign_in(name="ann", password="wrong", address=HOME, client=None):
    data = {"username": name, "password": password, "next": "/admin/"}
    return (client or Client()).post(reverse("admin:login"), data, headers={"X-Forwarded-For": address})


def fail(times, **changes):
    return [sign_in(**changes).status_code for _ in range(times)]


def test_the_fifth_wrong_password_locks_and_the_page_says_what_to_do():
    assert fail(4) == [200] * 4
    locked = sign_in()
    assert locked.status_code == 429
    assert "Wait 15 minutes" in text_of(locked)
    assert "ask an owner to unlock you" in text_of(locked)
    assert sign_in(password=PASSWORD).status_code == 429


def test_the_lock_of_a_name_is_for_that_address_and_that_name_only():
    User.objects.create_user("bob", password=PASSWORD, is_staff=True)
    fail(5)
    assert sign_in(password=PASSWORD, address=OFFICE).status_code == 302
    assert sign_in("bob", PASSWORD).status_code == 302


@override_settings(SIGN_IN_FAILURES_OF_ADDRESS=6)
def test_an_address_that_tries_many_names_is_locked_for_all():
    for name in ("a", "b", "c", "d", "e"):
        assert sign_in(name).status_code == 200
    assert sign_in("f").status_code == 429
    assert sign_in(password=PASSWORD).status_code == 429
    assert sign_in(password=PASSWORD, address=OFFICE).status_code == 302


def test_a_good_password_forgets_the_failures_of_its_name_and_no_other():
    User.objects.create_user("bob", password=PASSWORD, is_staff=True)
    fail(4)
    fail(4, name="bob")
    assert sign_in(password=PASSWORD).status_code == 302
    assert fail(4) == [200] * 4
    assert sign_in("bob").status_code == 429


def test_the_lock_ends_by_itself():
    fail(5)
    AccessAttempt.objects.update(attempt_time=timezone.now() - timedelta(minutes=16))
    assert sign_in(password=PASSWORD).status_code == 302


def test_tries_while_it_is_locked_do_not_make_it_longer():
    fail(5)
    before = AccessAttempt.objects.get().attempt_time
    fail(2)
    assert AccessAttempt.objects.get().attempt_time == before


def test_an_owner_unlocks_and_an_auditor_only_sees():
    fail(5)
    row, address = AccessAttempt.objects.get(), list_url(AccessAttempt)
    unlock = {"action": "unlock", "_selected_action": [row.pk]}
    auditor = somebody("auditor")
    assert "locked" in text_of(auditor.get(address))
    auditor.post(address, unlock)
    assert sign_in(password=PASSWORD).status_code == 429
    assert f"Unlocked: ann at {HOME}." in text_of(somebody("owner").post(address, unlock, follow=True))
    assert sign_in(password=PASSWORD).status_code == 302


def test_no_password_is_stored():
    sign_in(password="my-secret-word")
    assert "my-secret-word" not in str(AccessAttempt.objects.values_list())


def test_who_signed_in_and_from_where_is_kept():
    sign_in(password=PASSWORD)
    assert AccessLog.objects.filter(username="ann", ip_address=HOME).exists()


@pytest.mark.parametrize(
    ("proxies", "told", "address"),
    [
        (1, None, "10.0.0.1"),
        (1, HOME, HOME),
        (1, f"1.1.1.1, {HOME}", HOME),
        (2, f"1.1.1.1, {HOME}, 10.0.0.2", HOME),
        (2, HOME, HOME),
        (0, HOME, "10.0.0.1"),
        (1, "no address", "10.0.0.1"),
    ],
)
def test_the_address_is_what_our_own_proxy_saw_and_not_what_the_client_claims(rf, proxies, told, address):
    headers = {"X-Forwarded-For": told} if told else {}
    with override_settings(PROXY_COUNT=proxies):
        assert client_address(rf.get("/", headers=headers, REMOTE_ADDR="10.0.0.1")) == address


def test_who_signs_in_at_the_bare_address_comes_to_the_first_page():
    answer = Client().post(reverse("admin:login"), {"username": "ann", "password": PASSWORD})
    assert (answer.status_code, answer.url) == (302, reverse("admin:index"))
