"""Two-step sign-in in a real browser: set up from the picture's key, asked for at the next sign-in."""

import pytest
from django.contrib.auth.models import User
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from tests.e2e.test_browser import PASSWORD, page  # noqa: F401

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def sign_in(tab, address):
    tab.goto(address)
    tab.get_by_label("Username").fill("owner")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("button", name="Log in").click()


def test_an_owner_must_set_it_up_and_comes_back_with_a_recovery_code(page, live_server, settings):  # noqa: F811
    settings.TWO_STEP_ROLES = ["owner"]
    User.objects.create_superuser("owner", password=PASSWORD)
    faults = []
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    sign_in(page, f"{live_server.url}/admin/")
    page.get_by_text("Your role must sign in by two steps").wait_for()
    picture = page.get_by_alt_text("The key as a picture for the app")
    assert picture.evaluate("image => image.naturalWidth") > 100
    page.get_by_label("Code").fill(f"{totp(TOTPDevice.objects.get().bin_key):06d}")
    page.get_by_role("button", name="Continue").click()
    page.get_by_text("Write them down now").wait_for()
    code = page.locator("ul.font-mono li").first.inner_text()
    page.get_by_role("link", name="I have written them down").click()
    page.get_by_role("heading", name="Home").wait_for()
    page.context.clear_cookies()
    sign_in(page, f"{live_server.url}/admin/")
    page.get_by_label("Code").fill(code)
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("heading", name="Home").wait_for()
    assert faults == []
