"""The desk in a real browser: sign in, find a subscriber who is off, take the money, see them online."""

import os
import shutil
from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth.models import User
from django.db import connections
from django.utils import timezone

from billing.models import Bill, CreditNote, Customer, Payment
from billing.services import payments, sweep
from tests.builders import access_of, issue_next, make_customer, make_overdue_subscription, make_plan, make_subscription

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PASSWORD = "a-long-enough-password"


def chromium():
    """The browser's program: $CHROMIUM, or one of the usual names."""
    for name in (os.environ.get("CHROMIUM"), *NAMES):
        if name and (found := shutil.which(name)):
            return found
    return pytest.skip(f"no Chromium here: install it (apt-get install -y chromium) or set CHROMIUM; tried {NAMES}")


@pytest.fixture
def page(monkeypatch):
    """A page of a fresh browser; Playwright's loop runs in the test's own thread."""
    program = chromium()
    playwright = pytest.importorskip("playwright.sync_api")
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=program, args=FLAGS, timeout=120_000)
        tab = browser.new_page()
        tab.set_default_timeout(60_000)
        yield tab
        browser.close()
        # Beside Playwright's loop Django keeps connections of its own, which would outlive the test.
        connections.close_all()


@pytest.fixture
def off():
    """A customer whose only subscription the sweep has cut for one unpaid bill of 20.00."""
    subscription = make_overdue_subscription(
        customer=make_customer(name="Ann Lee"), login="ann-home", plan=make_plan(bills_while_unpaid=True)
    )
    sweep.disable_due(now=timezone.now(), limit=10)
    assert not access_of(subscription).is_on
    return subscription


@pytest.fixture
def desk(page, live_server):
    """The page after the sign-in through the form."""
    User.objects.create_superuser("cashier", password=PASSWORD)
    page.goto(f"{live_server.url}/")
    page.get_by_label("Username").fill("cashier")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("heading", name="Home").wait_for()
    return page


def open_customer(desk, text):
    """Find the customer in the list, as at the desk, and open the page."""
    desk.locator("#nav-sidebar a[href='/admin/billing/customer/']").click()
    desk.locator("#searchbar").fill(text)
    desk.locator("#searchbar").press("Enter")
    desk.get_by_role("link", name="Ann Lee").click()
    desk.get_by_role("heading", name="Open bills").wait_for()


def test_the_counter_finds_a_customer_by_keyboard_alone(desk, off):
    desk.goto(desk.url.split("/admin/")[0] + "/admin/")
    desk.locator("#counter-box:focus").wait_for()
    desk.keyboard.type("ann-h")
    match = desk.get_by_role("option", name="Ann Lee")
    match.wait_for()
    assert "$20.00" in match.inner_text()
    desk.keyboard.press("ArrowDown")
    box = desk.get_by_role("combobox", name="Find a customer")
    assert box.get_attribute("aria-activedescendant") == match.get_attribute("id")
    desk.keyboard.press("Enter")
    desk.get_by_role("heading", name="Open bills").wait_for()


def open_payment_form(desk):
    desk.get_by_role("link", name="Receive payment").click()
    desk.get_by_role("heading", name="Receive payment from").wait_for()


def preview(desk):
    desk.get_by_role("button", name="Preview").click()
    desk.get_by_role("heading", name="What will happen").wait_for()


def test_a_payment_at_the_desk_brings_the_subscriber_back(desk, off):
    open_customer(desk, "ann-home")
    assert desk.get_by_text("off: unpaid").first.is_visible()
    open_payment_form(desk)
    assert desk.get_by_label("Amount").input_value() == "20.00"
    desk.locator("[name=amount]:focus").press("Enter")
    desk.locator("button[name=confirmed]:focus").wait_for()
    assert desk.get_by_text("ann-home is online again.").is_visible()
    desk.keyboard.press("Enter")
    message = desk.get_by_text("Online again: ann-home")
    message.wait_for()
    assert "$20.00 received" in message.inner_text()
    desk.get_by_role("link", name="A4").and_(desk.locator(":focus")).wait_for()
    open_customer(desk, off.customer.code)
    desk.get_by_role("cell", name="on", exact=True).wait_for()
    assert desk.get_by_text("No open bill: nothing is owed.").is_visible()
    assert access_of(off).is_on
    assert Payment.objects.get().amount == Decimal(20)


def test_a_double_click_makes_one_payment(desk, off):
    issue_next(off, now=timezone.now() - timedelta(hours=1))
    open_customer(desk, "C000001")
    open_payment_form(desk)
    desk.get_by_label("Amount").fill("20")
    preview(desk)
    desk.get_by_role("button", name="Receive payment").dblclick()
    desk.get_by_text("Online again: ann-home").wait_for()
    payment = Payment.objects.get()
    assert payment.amount == payment.allocated == Decimal(20)
    assert access_of(off).is_on


def test_a_double_click_adds_one_customer(desk):
    desk.locator("#nav-sidebar a[href='/admin/billing/customer/']").click()
    desk.locator("a[href^='/admin/billing/customer/add/']").first.click()
    desk.get_by_label("Name").fill("Bob Ray")
    desk.get_by_role("button", name="Save", exact=True).dblclick()
    desk.get_by_text("was added successfully").wait_for()
    assert [customer.code for customer in Customer.objects.all()] == ["C000001"]


SEND_TWICE_AT_ONCE = """async () => {
    const form = document.getElementById("action-form");
    const send = () => fetch(location.href, {method: "POST", body: new FormData(form, form.elements.confirmed)});
    const answers = await Promise.all([send(), send()]);
    return answers.map(answer => [answer.status, answer.url]);
}"""


def test_a_form_that_arrives_twice_at_the_same_time_makes_one_payment(desk, off, live_server):
    open_customer(desk, "ann-home")
    open_payment_form(desk)
    preview(desk)
    answers = desk.evaluate(SEND_TWICE_AT_ONCE)
    payment = Payment.objects.get()
    assert answers == [[200, f"{live_server.url}/admin/billing/payment/{payment.pk}/change/"]] * 2
    desk.get_by_role("button", name="Receive payment").click()
    desk.get_by_text("Online again: ann-home").wait_for()
    assert Payment.objects.count() == 1
    assert access_of(off).is_on


def test_a_wrong_amount_is_explained_beside_its_field(desk, off):
    open_customer(desk, "ann")
    open_payment_form(desk)
    desk.get_by_label("Amount").fill("EUR 20")
    desk.get_by_role("button", name="Preview").click()
    desk.get_by_text("The amount is in EUR, but this installation works in USD").wait_for()
    assert not Payment.objects.exists()


@pytest.fixture
def paid():
    """A subscription that started today on 20.00 a month, and was paid."""
    customer, today = make_customer(name="Ann Lee"), timezone.localdate()
    subscription = make_subscription(customer=customer, login="ann-home", starts_on=today, now=timezone.now())
    issue_next(subscription, now=timezone.now())
    payments.receive(customer=customer, amount=Decimal(20), method="cash", now=timezone.now())
    return subscription


def test_a_change_of_plan_is_looked_at_confirmed_and_its_bill_credited(desk, paid):
    make_plan(name="Fast", price=Decimal(30))
    open_customer(desk, "ann-home")
    desk.get_by_role("cell", name="ann-home").get_by_role("link").first.click()
    desk.locator("[x-ref=actionDropdown] > a").first.click()
    desk.get_by_role("link", name="Change plan").click()
    desk.get_by_role("combobox", name="New plan").select_option(label="Fast: $30.00 every month")
    desk.get_by_role("button", name="Preview").click()
    desk.get_by_text("$10.00 to pay").wait_for()
    assert desk.get_by_text("A new bill over $30.00: $10.00 left to pay").is_visible()
    desk.get_by_role("button", name="Back").click()
    chosen = desk.get_by_role("combobox", name="New plan").locator("option:checked")
    assert chosen.inner_text() == "Fast: $30.00 every month"
    desk.get_by_role("button", name="Preview").click()
    desk.get_by_role("button", name="Change plan").dblclick()
    desk.get_by_role("link", name="B000002").click()
    desk.locator("a[href$='/credit-note/']").click()
    desk.get_by_label("Fast, ann-home").fill("10")
    desk.get_by_label("Reason").fill("A month of grace")
    desk.get_by_role("button", name="Preview").click()
    desk.get_by_text("Bill B000002 is paid in full").wait_for()
    desk.get_by_role("button", name="Credit note").click()
    desk.get_by_text("Credit note CN000002 over $10.00 for bill B000002.").wait_for()
    assert [note.total for note in CreditNote.objects.order_by("pk")] == [20, 10]
    assert Bill.objects.get(number="B000002").status == Bill.Status.PAID
