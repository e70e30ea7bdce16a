"""Customers, plans and subscriptions with what they bring along: added, changed, or nothing to do."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import override

from billing.models import AccessState, Account, Area, Bill, Customer, Plan, Subscription, TaxRate
from billing.services import billing_run, blocks
from billing.services.network import accounts
from tests.builders import at, make_customer, make_plan, make_subscription
from tests.importing import bring_in, brought, checked, imported, messages, outcomes, preview

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

CUSTOMERS = "Code,Name,Phone,E-mail,Area,Opening balance\n"
SUBSCRIPTIONS = "Login,Customer code,Plan,Starts on,Paid until,State,Opening balance\n"


def balance(customer):
    account = Account.objects.filter(customer=customer).first()
    return account.balance if account else Decimal(0)


def test_customers_come_with_what_they_owe_and_what_they_have():
    file = bring_in(
        "customers", CUSTOMERS + "A1,Ann,0700,ann@example.com,North,25.00\nB1,Bob,,,north,-5.00\nC1,Cy,,,,\n"
    )
    assert outcomes(file) == ["new"] * 3
    ann, bob, cy = Customer.objects.order_by("code")
    assert (ann.name, ann.phone, ann.email, ann.area, bob.area) == (
        "Ann", "0700", "ann@example.com", Area.objects.get(name="North"), ann.area,
    )  # fmt: skip
    assert [balance(one) for one in (ann, bob, cy)] == [25, -5, 0]
    bill = Bill.objects.get()
    assert (bill.customer, bill.total, bill.status) == (ann, 25, "open")
    assert bill.lines.get().description == "Opening balance"


@pytest.mark.parametrize("kind", ["customers", "subscriptions"])
def test_a_balance_is_taken_once_in_whatever_language_it_is_brought(kind):
    make_plan(code="home-10", name="Home 10")
    customer = make_customer(code="A1", name="Ann")
    rows = {"customers": CUSTOMERS + "A1,Ann,,,,25.00\n", "subscriptions": SUBSCRIPTIONS + "x,A1,home-10,,,,25.00\n"}
    for language in ("bn", "en", "ar"):
        with override(language):
            bring_in_again = preview(kind, rows[kind])
            if language == "bn":
                imported(bring_in_again)
            else:
                assert outcomes(bring_in_again) == ["same"]
    assert balance(customer) == 25
    assert Bill.objects.get().lines.get().description == "Opening balance"


def test_the_same_customers_again_change_nothing_and_others_only_what_is_said():
    text = CUSTOMERS + "A1,Ann,0700,,North,25.00\n"
    bring_in("customers", text)
    assert outcomes(preview("customers", text)) == ["same"]
    assert outcomes(preview("customers", CUSTOMERS + "A1,Ann,,,,30.00\n")) == ["same"]  # it came with 25.00 already
    file = bring_in("customers", CUSTOMERS + "A1,Ann Example,,,South,25.00\n")
    assert messages(file) == ["name: Ann → Ann Example; area: North → South"]
    ann = Customer.objects.get()
    assert (ann.name, ann.phone, ann.area.name, balance(ann)) == ("Ann Example", "0700", "South", 25)


def test_customers_without_codes_get_the_next_of_the_series_and_are_known_again():
    text = "Name,Phone\nAnn,0700\nBob,0711\nAnn,0700\n"
    file = bring_in("customers", text)
    assert outcomes(file) == ["new", "new", "refused"]
    assert Customer.objects.count() == 2
    assert outcomes(preview("customers", text))[:2] == ["same", "same"]


def test_a_balance_may_be_the_customers_credit():
    imported(checked(brought("customers", CUSTOMERS + "A1,Ann,,,,10.00\n")[0], balance="credit"))
    assert balance(Customer.objects.get()) == -10


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("A1,,,,,", "needs a name"),
        ("A1,Ann,,no mail,,", "Email: Enter a valid email address."),
        (f"A1,Ann,{'0' * 31},,,", "Phone: Ensure this value has at most 30 characters"),
        (f"{'A' * 21},Ann,,,,", "Code: Ensure this value has at most 20 characters"),
        ("A1,Ann,,,,many", "is not an amount"),
        ("A1,Ann,,,,1.005", "too many decimals"),
    ],
)
def test_a_customer_that_cannot_be_is_refused(row, says):
    file = preview("customers", CUSTOMERS + row)
    assert outcomes(file) == ["refused"]
    assert says in messages(file)[0]


def test_plans_are_added_changed_and_known_again():
    TaxRate.objects.create(name="VAT 20%", percent=20)
    head = "Name,Code,Price,Interval,Mode,Tax rate,Download\n"
    text = head + "Home 10,home-10,20.00,1 month,prepaid,VAT 20%,10000\nWeek,,5,7 days,postpaid,,\n"
    bring_in("plans", text)
    home, week = Plan.objects.order_by("name")
    assert (home.price, home.tax_rate.name, home.download_kbps, home.mode) == (20, "VAT 20%", 10000, "prepaid")
    assert (week.code, week.interval_count, week.interval_unit, week.mode) == ("week", 7, "day", "postpaid")
    assert outcomes(preview("plans", text)) == ["same", "same"]
    file = bring_in("plans", "Name,Code,Price\nHome 10,home-10,22.00\n")
    assert messages(file) == ["price: 20.00 → 22.00"]
    home.refresh_from_db()
    assert home.price == 22


def test_a_speed_of_0_is_no_limit_as_other_programs_write_it():
    bring_in("plans", "Name,Price,Download,Upload\nHome,20,0,0\nHalf,10,9000,0\n")
    half, home = Plan.objects.order_by("name")
    assert (home.download_kbps, home.upload_kbps) == (None, None)
    assert (half.download_kbps, half.upload_kbps) == (9000, None)


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("Home,home,,1 month,,", "needs a price"),
        ("Home,home,20,30 Mins,,", "“30 Mins” is not an interval"),
        ("Home,home,20,1 month,often,", "is not a mode"),
        ("Home,home,20,1 month,,VAT 7%", "There is no tax rate “VAT 7%”"),
        ("Home,ho me,20,1 month,,", "Code: Enter a valid"),
        ("Busy,busy,20,1 year,,", "is in use: its interval and billing day stay"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(row, says):
    make_subscription(plan=make_plan(code="busy", name="Busy"))
    file = preview("plans", "Name,Code,Price,Interval,Mode,Tax rate\n" + row)
    assert says in messages(file)[0]


@pytest.fixture
def ann():
    make_plan(code="home-10", name="Home 10")
    return make_customer(code="A1", name="Ann")


def test_a_subscription_that_is_paid_for_is_on_and_billed_from_the_next_day(ann):
    file = bring_in("subscriptions", SUBSCRIPTIONS + "ann-home,A1,home-10,2025-03-31,2026-05-31,active,12.50\n")
    assert "billed from 2026-06-01 on" in messages(file)[0]
    subscription = Subscription.objects.get()
    assert (subscription.starts_on, subscription.anchor) == (date(2025, 3, 31), date(2026, 6, 1))
    assert AccessState.objects.get().is_on
    assert balance(ann) == Decimal("12.50")
    billing_run.generate(now=at("2026-05-31"), limit=10)
    assert Bill.objects.count() == 1  # the opening balance
    billing_run.generate(now=at("2026-06-01"), limit=10)
    line = Bill.objects.latest("pk").lines.get()
    assert (line.period.lower, line.period.upper) == (date(2026, 6, 1), date(2026, 7, 1))


def test_the_same_subscriptions_again_change_nothing(ann):
    text = SUBSCRIPTIONS + "ann-home,A1,Home 10,,2026-05-31,disabled,12.50\n"
    bring_in("subscriptions", text)
    assert not AccessState.objects.get().is_on
    assert outcomes(preview("subscriptions", text)) == ["same"]
    assert (Subscription.objects.count(), balance(ann)) == (1, Decimal("12.50"))


def test_a_subscription_that_comes_disabled_is_blocked_by_hand(ann):
    bring_in("subscriptions", SUBSCRIPTIONS + "ann-home,A1,home-10,,,suspended,\n")
    assert blocks.is_blocked(AccessState.objects.get(), "manual")


@pytest.mark.parametrize(
    ("row", "outcome", "says"),
    [
        (",A1,home-10,,,,", "refused", "needs a login"),
        ("x,A9,home-10,,,,", "refused", "There is no customer with the code “A9”"),
        ("x,A1,other,,,,", "refused", "There is no plan “other”"),
        ("x,A1,home-10,,,sleeping,", "refused", "is not a state"),
        ("x,A1,home-10,soon,,,", "refused", "Starts on: “soon” is not a date"),
        ("x,A1,home-10,,2026-04-01,,", "left out", "paid for until 2026-04-01 only"),
        ("x,A1,home-10,,,terminated,", "left out", "It has ended"),
        ("taken,A1,home-10,,,,", "refused", "is of customer B1 already"),
        ("own,A1,home-10,,,,", "refused", "Change the plan on the page"),
    ],
)
def test_a_subscription_that_cannot_be_is_told(ann, row, outcome, says):
    make_subscription(login="taken", customer=make_customer(code="B1"))
    make_subscription(login="own", customer=ann)
    file = preview("subscriptions", SUBSCRIPTIONS + row)
    assert outcomes(file) == [outcome]
    assert says in messages(file)[0]


def test_an_export_of_splynx_is_understood_as_it_comes(settings):
    bring_in("plans", "Title,Price,Speed download,Speed upload\nFiber 50,30.00,50000,10000\n")
    customers = (
        "ID,Status,Portal login,Portal password,Full name,Phone number,Email,Street,City,Account balance\n"
        "17,Active,ann17,secret,Ann Example,+1 555 0100,ann@example.com,1 Main Street,North,-25.00\n"
    )
    file = brought("customers", customers)[0]
    assert file.left_out == ["the column Portal password, which is not kept"]
    imported(checked(file, balance="credit"))
    services = (
        "ID,Customer ID,Status,Tariff plan,Description,Start date,End date,Login,Password,IPv4\n"
        "3,17,Active,Fiber 50,Home,2026-05-01,,ann17-1,secret,10.0.0.7\n"
    )
    settings.NETWORK_KEY = "k" * 40
    bring_in("subscriptions", services)
    subscription = Subscription.objects.get()
    assert (accounts.password_of(subscription), accounts.of(subscription).fixed_address) == ("secret", "10.0.0.7")
    assert (subscription.login, subscription.plan.name, subscription.customer.code) == ("ann17-1", "Fiber 50", "17")
    assert (subscription.customer.name, balance(subscription.customer)) == ("Ann Example", 25)
