"""One-off items: on the next bill, or on one of their own (rule B4)."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from billing.models import Customer, TaxRate
from billing.services import bills, items
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription
from tests.diary import is_online, last_bill, owed, pay, refused, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

NOW = at("2026-04-01")


def add(customer, amount="49.00", description="Installation", **how):
    return items.add(customer=customer, description=description, amount=Decimal(amount), now=NOW, **how)


def subscribed():
    return make_subscription(plan=make_plan(price=Decimal(30)), starts_on=date(2026, 4, 1))


def test_b4_an_item_waits_for_the_next_bill_and_is_charged_once():
    subscription = subscribed()
    add(subscription.customer)
    run("2026-04-01")
    assert last_bill(subscription.customer).total == 79
    run("2026-05-01")
    assert last_bill(subscription.customer).total == 30


def test_b4_items_go_on_a_bill_of_their_own_when_staff_ask_for_it():
    customer = make_customer()
    rate = TaxRate.objects.create(name="VAT", percent=20)
    add(customer, tax_rate=rate)
    add(customer, "10.00", "Cable")
    bill = items.bill_now(customer=customer, now=NOW)
    assert (bill.net, bill.tax, bill.total) == (59, Decimal("9.80"), Decimal("68.80"))
    assert bill.due_on == date(2026, 4, 15)


def test_e5_a_bill_of_items_alone_cuts_nobody():
    subscription = make_subscription(plan=make_plan(price=0), starts_on=date(2026, 4, 1))
    add(subscription.customer)
    items.bill_now(customer=subscription.customer, now=NOW)
    run("2026-06-01")
    assert (owed(subscription.customer), is_online(subscription)) == ([49], True)


def test_m6_credit_pays_a_bill_of_items():
    customer = make_customer()
    pay(customer, "50", "2026-04-01")
    add(customer)
    assert items.bill_now(customer=customer, now=NOW).status == "paid"


def test_b4_an_item_is_withdrawn_while_it_waits():
    subscription = subscribed()
    item = add(subscription.customer)
    items.withdraw(item=item, now=NOW)
    items.withdraw(item=item, now=NOW)
    assert issue_next(subscription, now=NOW).total == 30
    with refused("No item waits for a bill"):
        items.bill_now(customer=subscription.customer, now=NOW)


def test_b4_an_item_on_a_bill_is_credited_not_withdrawn():
    subscription = subscribed()
    item = add(subscription.customer)
    bill = issue_next(subscription, now=NOW)
    with refused(f"“Installation” is on bill {bill}. Issue a credit note for it instead"):
        items.withdraw(item=item, now=NOW)
    bills.void(bill=bill, reason="Wrong", now=NOW)
    items.withdraw(item=item, now=NOW)
    assert issue_next(subscription, now=NOW).total == 30


@pytest.mark.parametrize(
    ("amount", "description", "message"),
    [
        ("0", "Cable", "above zero"),
        ("-5", "Cable", "above zero"),
        ("1.005", "Cable", "too many decimals"),
        ("100000000000", "Cable", "above 99999999999"),
        ("5", "  ", "Say what the item is"),
    ],
)
def test_an_item_is_refused(amount, description, message):
    customer = make_customer()
    with refused(message):
        add(customer, amount, description)


def test_a_description_that_is_too_long_for_the_bill_is_refused():
    customer = make_customer()
    with refused("200 letters"):
        add(customer, description="x" * 201)


def test_an_archived_customer_gets_no_item():
    customer = make_customer()
    add(customer)
    Customer.objects.filter(pk=customer.pk).update(archived_at=NOW)
    with refused("archived"):
        add(customer)
    with refused("archived"):
        items.bill_now(customer=customer, now=NOW)


def test_m9_the_same_request_adds_one_item_and_another_body_is_refused():
    customer, stranger, key = make_customer(), make_customer(), uuid4()
    assert add(customer, request_key=key) == add(customer, request_key=key)
    for who, amount in ((customer, "50"), (stranger, "49.00")):
        with refused("already used for one-off item Installation. Start a new one"):
            add(who, amount, request_key=key)
