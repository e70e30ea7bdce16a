"""A cashier's day in a real browser: the float, money from customers, receipts, the count, and a second person."""

import time
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from billing.models import CashShift, Payment
from tests.builders import access_of
from tests.e2e.pictures import picture
from tests.e2e.test_browser import PASSWORD, page  # noqa: F401  # a fixture
from tests.e2e.test_enforcement_in_browser import late, run_sweep, sign_in  # noqa: F401  # fixtures
from tests.jobs.notes import at_best

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def cashier(sign_in, late):  # noqa: F811
    """The desk of a cashier; three subscribers are cut and owe 20.00 each."""
    run_sweep()
    return sign_in("cashier")


def open_shift(desk, opening_float):
    desk.get_by_role("link", name="My shift").first.click()
    desk.get_by_label("Cash in the drawer").fill(opening_float)
    desk.get_by_role("button", name="Open the shift").click()
    desk.get_by_text("Your shift is open").wait_for()


def find(desk, typed, name):
    """By keyboard alone, from any page."""
    desk.goto(desk.url.split("/admin/")[0] + "/admin/")
    desk.locator("#counter-box:focus").wait_for()
    desk.keyboard.type(typed)
    desk.get_by_role("option", name=name).wait_for()
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Enter")
    desk.get_by_role("heading", name="Open bills").wait_for()


def receive(desk, amount, method):
    desk.get_by_role("link", name="Receive payment").click()
    desk.get_by_label("Amount").fill(amount)
    desk.get_by_label("Method").select_option(label=method)
    desk.get_by_role("button", name="Preview").click()
    desk.get_by_role("heading", name="What will happen").wait_for()
    picture(desk, "receive-payment")
    desk.keyboard.press("Enter")
    desk.get_by_text("received").first.wait_for()


def test_a_day_at_the_drawer_from_the_float_to_the_signature(cashier, late, page, live_server):  # noqa: F811
    open_shift(cashier, "50")
    find(cashier, "ann", "Ann Lee")
    receive(cashier, "20", "Cash")
    assert access_of(late[0]).is_on
    find(cashier, "bob", "Bob Ray")
    receive(cashier, "12.50", "Cash")
    assert not access_of(late[1]).is_on, "7.50 are still owed"
    find(cashier, "cy", "Cy Poe")
    receive(cashier, "20", "Card")
    my_shift = cashier.get_by_role("link", name="My shift").first
    my_shift.click()
    cashier.get_by_role("link", name="Pay out").click()
    cashier.get_by_label("Amount").fill("5")
    cashier.get_by_label("What for").fill("Stamps")
    cashier.get_by_role("button", name="Pay out").dblclick()
    cashier.get_by_text("The drawer holds $77.50 now").wait_for()
    picture(cashier, "cash-shift")
    close_with(cashier, "77", "Wrong change")
    shift = CashShift.objects.get()
    assert (shift.expected, shift.counted) == (Decimal("77.50"), Decimal(77))
    assert sorted(Payment.objects.values_list("amount", "method")) == [
        (Decimal("12.50"), "cash"),
        (Decimal(20), "card"),
        (Decimal(20), "cash"),
    ]
    sign_for(page, live_server, shift)


def close_with(desk, counted, reason):
    """A difference is asked for its reason before anything is closed."""
    desk.get_by_role("link", name="Close the shift").click()
    desk.get_by_label("Cash counted").fill(counted)
    desk.get_by_role("button", name="Preview").click()
    desk.get_by_text("Count again, or give the reason").wait_for()
    desk.get_by_label("Reason of a difference").fill(reason)
    desk.get_by_role("button", name="Preview").click()
    desk.get_by_text("-$0.50").first.wait_for()
    desk.get_by_role("button", name="Close the shift").dblclick()
    desk.get_by_text("$77.00 counted, $77.50 expected, difference -$0.50").wait_for()


def sign_for(desk, live_server, shift):
    """The manager, at another screen, takes the cash over; it is signed for once."""
    manager = User.objects.create_superuser("manager", password=PASSWORD)
    screen = desk.context.browser.new_page()
    screen.goto(f"{live_server.url}/admin/billing/cashshift/{shift.pk}/change/")
    screen.get_by_label("Username").fill("manager")
    screen.get_by_label("Password").fill(PASSWORD)
    screen.get_by_role("button", name="Log in").click()
    screen.get_by_role("link", name="Sign for the cash").click()
    screen.get_by_role("button", name="Sign for the cash").dblclick()
    screen.get_by_text("You have signed for $77.00 of cashier.").wait_for()
    shift.refresh_from_db()
    assert shift.handed_over_to == manager
    assert shift.handed_over_at <= timezone.now()


def test_a_payment_by_keyboard_alone_takes_less_than_ten_seconds(cashier, late):  # noqa: F811
    """From the first key to the printed receipt's link in focus; the machine's own time, nobody hesitates."""
    waiting = iter(late)

    def seconds_to_the_receipt():
        one = next(waiting)
        started = time.monotonic()
        find(cashier, one.login, one.customer.name)
        cashier.get_by_role("link", name="Receive payment").press("Enter")
        cashier.locator("[name=amount]:focus").press("Enter")
        cashier.locator("button[name=confirmed]:focus").press("Enter")
        cashier.get_by_text(f"Online again: {one.login}").wait_for()
        cashier.get_by_role("link", name="A4").and_(cashier.locator(":focus")).wait_for()
        seconds = time.monotonic() - started
        assert access_of(one).is_on
        return seconds

    assert at_best(seconds_to_the_receipt, 10) < 10
