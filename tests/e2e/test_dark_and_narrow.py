"""The desk in dark mode and on a phone: what is chosen stays, and a payment is taken at 390 pixels."""

import pytest

from billing.models import Payment
from tests.builders import access_of
from tests.e2e.pictures import DESKTOP, PHONE
from tests.e2e.test_browser import desk, off, page  # noqa: F401  # fixtures

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BRIGHTNESS = "getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number)"


DARK = "document.documentElement.classList.contains('dark')"  # once the script of the page has run


def test_dark_mode_is_kept_from_page_to_page(desk):  # noqa: F811
    desk.emulate_media(color_scheme="dark")
    desk.reload()
    desk.wait_for_function(DARK)
    desk.locator("#nav-sidebar a[href='/admin/billing/customer/']").click()
    desk.get_by_role("heading", name="Customers").first.wait_for()
    desk.wait_for_function(DARK)
    desk.emulate_media(color_scheme="light")
    desk.reload()
    desk.wait_for_function(f"!{DARK}")


def test_a_payment_is_taken_on_a_phone(desk, off):  # noqa: F811
    desk.set_viewport_size(PHONE)
    desk.goto(desk.url)
    desk.locator("#counter-box").fill("ann")
    desk.get_by_role("option", name="Ann Lee").click()
    desk.get_by_role("heading", name="Open bills").wait_for()
    tap(desk, "Receive payment")
    desk.get_by_role("button", name="Preview").click()
    desk.get_by_text("ann-home is online again.").wait_for()
    desk.get_by_role("button", name="Receive payment").dblclick()
    desk.get_by_text("Online again: ann-home").wait_for()
    assert access_of(off).is_on
    assert Payment.objects.count() == 1
    desk.set_viewport_size(DESKTOP)


def tap(tab, name):
    """A button in the menu that a phone has in the place of the row of buttons."""
    assert not tab.get_by_role("link", name=name).is_visible()
    tab.get_by_text("more_horiz", exact=True).first.click()
    tab.get_by_role("link", name=name).click()
