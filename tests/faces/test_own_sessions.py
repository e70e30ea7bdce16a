"""Where staff are signed in, and how they end it elsewhere."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.models import StaffSession
from tests.faces.conftest import text_of
from tests.faces.roles import somebody

PASSWORD, NEW = "a-long-enough-password", "another-long-password"
PAGE, HOME = reverse("own_sessions"), reverse("admin:index")


@pytest.fixture
def ann(settings):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return User.objects.create_user("ann", password=PASSWORD, is_staff=True)


def sign_in(browser, address="198.51.100.7"):
    client = Client(headers={"User-Agent": browser, "X-Forwarded-For": address})
    data = {"username": "ann", "password": PASSWORD, "next": HOME}
    assert client.post(reverse("admin:login"), data).status_code == 302
    return client


def is_in(client):
    return client.get(HOME).status_code == 200


@pytest.mark.usefixtures("ann")
def test_the_page_tells_from_where_and_which_is_this_one():
    sign_in("Safari")
    page = text_of(sign_in("Firefox", "203.0.113.9").get(PAGE))
    for said in ("Safari", "198.51.100.7", "Firefox", "203.0.113.9"):
        assert said in page
    assert page.count("this one") == 1


@pytest.mark.usefixtures("ann")
def test_ending_the_others_leaves_this_one_and_those_of_other_people():
    bob, phone, desk = somebody("cashier"), sign_in("Safari"), sign_in("Firefox")
    assert "you are signed in here only" in text_of(desk.post(PAGE, follow=True)).lower()
    assert (is_in(desk), is_in(phone), is_in(bob)) == (True, False, True)
    assert "End the others" not in text_of(desk.get(PAGE))


@pytest.mark.usefixtures("ann")
def test_nobody_sees_the_sessions_of_others_or_a_key():
    desk = sign_in("Firefox")
    assert "Firefox" not in text_of(somebody("owner").get(PAGE))
    assert desk.session.session_key not in text_of(desk.get(PAGE))


@pytest.mark.usefixtures("ann")
def test_a_change_of_the_password_ends_the_others():
    phone, desk = sign_in("Safari"), sign_in("Firefox")
    data = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert desk.post(reverse("admin:password_change"), data).status_code == 302
    assert "Safari" not in text_of(desk.get(PAGE))
    assert (is_in(desk), is_in(phone)) == (True, False)


def test_a_session_ends_after_the_hours_of_the_setting_and_is_forgotten_at_the_next_sign_in(ann, settings):
    settings.SESSION_COOKIE_AGE = 3600
    client = sign_in("Safari")
    ends = StaffSession.objects.get(user=ann).expire_date
    assert timedelta(minutes=59) < ends - timezone.now() <= timedelta(hours=1)
    StaffSession.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_in(client)
    sign_in("Firefox")
    assert [row.browser for row in StaffSession.objects.filter(user=ann)] == ["Firefox"]
