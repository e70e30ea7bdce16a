"""Two-step sign-in: set up, asked for after the password, needed by role, and what is good only once."""

import time

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.test import Client
from django.urls import clear_script_prefix, reverse, set_script_prefix
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from billing.models import RecoveryCode
from billing.services import two_step
from tests.faces.conftest import list_url, text_of
from tests.faces.roles import somebody

HOME, ENTER, SET_UP = reverse("admin:index"), reverse("two_step"), reverse("two_step_set_up")


@pytest.fixture
def ann():
    return User.objects.create_user("ann", is_staff=True)


def signed_in(user):
    """After the password, before the second step."""
    client = Client()
    client.force_login(user)
    return client


def code_of(user, steps=0):
    """What the user's app shows, ``steps`` of 30 seconds from now."""
    device = TOTPDevice.objects.get(user=user)
    return f"{totp(device.bin_key, t0=-30 * steps):06d}"


@pytest.fixture
def recovery_codes(ann):
    """Those of ann, who has set her app up some minutes ago."""
    codes = two_step.set_up(ann, first_code(ann))
    TOTPDevice.objects.update(last_t=int(time.time()) // 30 - 10)
    return codes


def first_code(user):
    two_step.device_to_set_up(user)
    return code_of(user)


def enter(client, code, address=ENTER, **more):
    return client.post(address, {"code": code, **more})


def test_who_has_not_set_it_up_signs_in_with_the_password_alone(ann):
    assert signed_in(ann).get(HOME).status_code == 200


def test_setting_up_shows_a_picture_and_a_key_and_gives_recovery_codes_once(ann):
    client = signed_in(ann)
    page = client.get(SET_UP)
    assert 'src="data:image/svg+xml' in text_of(page)
    assert len(page.context["secret"].replace(" ", "")) == 32
    assert "no-store" in page.headers["Cache-Control"]
    done = enter(client, code_of(ann), SET_UP)
    codes = done.context["codes"]
    assert len(set(codes)) == 10
    assert all(code in text_of(done) for code in codes)
    assert client.get(HOME).status_code == 200
    again = text_of(client.get(SET_UP))
    assert not [code for code in codes if code in again]
    assert "10 recovery codes left" in again


def test_a_wrong_code_sets_nothing_up(ann):
    client = signed_in(ann)
    client.get(SET_UP)
    answer = enter(client, f"{(int(code_of(ann)) + 1) % 1_000_000:06d}", SET_UP)
    assert "This code is not right" in text_of(answer)
    assert two_step.device_of(ann) is None
    assert not RecoveryCode.objects.exists()


@pytest.mark.usefixtures("recovery_codes")
def test_every_page_waits_for_the_code_and_leads_back_to_itself(ann):
    client, page = signed_in(ann), reverse("admin:password_change")
    asked = client.get(page)
    assert (asked.status_code, asked.url) == (302, f"{ENTER}?next=%2Fadmin%2Fpassword_change%2F")
    assert client.post(page, {}).url == ENTER
    assert client.get(SET_UP).url == ENTER
    answer = enter(client, code_of(ann), asked.url)
    assert (answer.status_code, answer.url) == (302, page)
    assert client.get(page).status_code == 200


@pytest.fixture
def below_another_path():
    """As a proxy says it by SCRIPT_NAME."""
    set_script_prefix("/isp/")
    yield {"SCRIPT_NAME": "/isp"}
    clear_script_prefix()


@pytest.mark.usefixtures("recovery_codes")
def test_below_another_path_of_a_proxy_every_page_waits_for_the_code_too(ann, below_another_path):
    client = signed_in(ann)
    asked = client.get("/admin/password_change/", **below_another_path)
    assert (asked.status_code, asked.url) == (302, "/isp/admin/two-step/?next=%2Fisp%2Fadmin%2Fpassword_change%2F")
    assert client.get("/admin/two-step/", **below_another_path).status_code == 200


@pytest.mark.usefixtures("recovery_codes")
def test_nobody_is_led_to_another_site(ann):
    assert enter(signed_in(ann), code_of(ann), f"{ENTER}?next=https://example.com/").url == HOME


@pytest.mark.usefixtures("recovery_codes")
def test_a_code_is_good_once(ann):
    code = code_of(ann)
    assert enter(signed_in(ann), code).status_code == 302
    second = signed_in(ann)
    assert enter(second, code).status_code == 200
    assert second.get(HOME).status_code == 302


@pytest.mark.usefixtures("recovery_codes")
def test_an_old_code_is_wrong(ann):
    assert enter(signed_in(ann), code_of(ann, steps=-5)).status_code == 200


@pytest.mark.usefixtures("recovery_codes")
def test_after_a_wrong_code_even_the_right_one_waits_a_moment(ann):
    client = signed_in(ann)
    for _ in range(5):
        enter(client, "000000")
    assert enter(client, code_of(ann)).status_code == 200
    assert client.get(HOME).status_code == 302


@pytest.mark.usefixtures("recovery_codes")
def test_the_session_gets_a_new_key_with_the_second_step(ann):
    client = signed_in(ann)
    before = client.session.session_key
    enter(client, code_of(ann))
    assert client.session.session_key != before


def test_a_recovery_code_is_good_once_and_only_for_its_owner(ann, recovery_codes):
    bob = User.objects.create_user("bob", is_staff=True)
    two_step.set_up(bob, first_code(bob))
    assert enter(signed_in(bob), recovery_codes[0]).status_code == 200
    client = signed_in(ann)
    assert enter(client, recovery_codes[0].upper()).status_code == 302
    assert client.get(HOME).status_code == 200
    assert enter(signed_in(ann), recovery_codes[0]).status_code == 200
    assert two_step.recovery_codes_left(ann) == 9


def test_recovery_codes_are_not_stored(recovery_codes):
    stored = str(list(RecoveryCode.objects.values_list()))
    for code in recovery_codes:
        assert code not in stored and code.replace("-", "") not in stored


def test_new_recovery_codes_need_a_code_and_void_the_old_ones(ann, recovery_codes):
    client = signed_in(ann)
    enter(client, recovery_codes[0])
    assert "codes" not in enter(client, "000000", SET_UP).context
    new = enter(client, recovery_codes[1], SET_UP).context["codes"]
    assert enter(signed_in(ann), recovery_codes[2]).status_code == 200
    assert enter(signed_in(ann), new[0]).status_code == 302


def test_it_is_turned_off_with_a_code_but_not_where_a_role_needs_it(ann, recovery_codes, settings):
    client = signed_in(ann)
    enter(client, recovery_codes[0])
    ann.groups.add(Group.objects.get(role="manager"))
    settings.TWO_STEP_ROLES = ["manager"]
    assert "Turn it off" not in text_of(client.get(SET_UP))
    enter(client, recovery_codes[1], SET_UP, turn_off="1")
    assert two_step.device_of(ann)
    settings.TWO_STEP_ROLES = []
    codes = two_step.new_recovery_codes(ann)
    enter(client, codes[0], SET_UP, turn_off="1")
    assert two_step.device_of(ann) is None
    assert signed_in(ann).get(HOME).status_code == 200


@pytest.mark.parametrize(
    ("role", "is_superuser", "led"),
    [("manager", False, True), ("cashier", False, False), (None, True, True), (None, False, False)],
)
def test_who_must_and_has_not_set_it_up_is_led_there_first(ann, settings, role, is_superuser, led):
    settings.TWO_STEP_ROLES = ["owner", "manager"]
    User.objects.filter(pk=ann.pk).update(is_superuser=is_superuser)
    if role:
        group = Group.objects.get(role=role)
        Group.objects.filter(pk=group.pk).update(name="Renamed")
        ann.groups.add(group)
    client = signed_in(ann)
    answer = client.get(HOME)
    assert answer.status_code == (302 if led else 200)
    if led:
        assert answer.url.startswith(SET_UP)
        assert "Your role must sign in by two steps" in text_of(client.get(SET_UP))


def test_an_owner_turns_it_off_for_who_lost_the_phone(ann, recovery_codes):
    data = {"action": "turn_two_step_off", "_selected_action": [ann.pk]}
    for role, remains in (("auditor", True), ("owner", False)):
        somebody(role).post(list_url(User), data)
        assert bool(two_step.device_of(ann)) is remains


def test_the_operator_turns_it_off_for_the_last_owner(ann, recovery_codes, capsys):
    call_command("two_step_off", "ann")
    assert "of ann is off" in capsys.readouterr().out
    assert two_step.device_of(ann) is None
