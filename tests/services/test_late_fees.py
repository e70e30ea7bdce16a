"""Late fees: once per bill, only while it is unpaid, after the customer's credit (rules B11, E3)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Bill, Customer, Item, Payment
from billing.services import billing_run, late_fees, payments
from tests.builders import at, issue_next, make_plan, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def five_dollars_after_seven_days(settings):
    settings.LATE_FEE, settings.LATE_FEE_DAYS = "5.00", 7


def charge(day, limit=500):
    return late_fees.charge(day=at(day).date(), now=at(day), limit=limit)


def make_bill(**changes):
    """A bill of 20.00 that can be paid until 15 January."""
    return issue_next(make_subscription(**changes), now=at("2026-01-01"))


def test_b11_a_fee_is_charged_from_the_day_on_which_the_bill_is_so_many_days_overdue():
    bill = make_bill()
    assert bill.due_on == date(2026, 1, 15)
    assert charge("2026-01-21T23:59:59").count == 0
    fees = charge("2026-01-22")
    assert fees.summary == "1 late fee charged, 5.00 USD in all"
    fee = Item.objects.get()
    assert (fee.customer, fee.amount, fee.late_fee_of) == (bill.customer, 5, bill)
    assert fee.description == f"Late fee: bill {bill.number} was due on 2026-01-15"


def test_b11_a_bill_has_one_fee_however_late_it_is():
    make_bill()
    assert [charge(day).count for day in ("2026-06-01", "2026-06-01", "2026-07-01")] == [1, 0, 0]


def test_b11_a_fee_that_was_withdrawn_is_not_charged_again():
    make_bill()
    charge("2026-02-01")
    Item.objects.update(withdrawn_at=at("2026-02-01"))
    assert charge("2026-02-02").count == 0


def test_b11_a_percentage_is_of_what_is_unpaid(settings):
    settings.LATE_FEE = "2.5%"
    bill = make_bill()
    payments.receive(customer=bill.customer, amount=Decimal("6.60"), method="cash", now=at("2026-01-20"))
    assert charge("2026-02-01").total == Decimal("0.34")  # 2.5 % of 13.40 is 0.335


def test_b11_a_fee_that_rounds_to_nothing_is_none(settings):
    settings.LATE_FEE = "1%"
    make_bill(plan=make_plan(price=Decimal("0.49")))
    assert charge("2026-02-01").count == 0
    assert not Item.objects.exists()


def test_b11_a_paid_bill_has_no_fee():
    bill = make_bill()
    payments.receive(customer=bill.customer, amount=Decimal(20), method="cash", now=at("2026-01-21"))
    assert charge("2026-02-01").count == 0


def test_e3_credit_pays_before_a_fee_is_charged():
    bill = make_bill()
    Payment.objects.create(
        customer=bill.customer, number="X1", sequence=1, amount=20, currency="USD", received_at=at("2026-01-10"),
        received_on=date(2026, 1, 10),
    )  # fmt: skip
    assert charge("2026-02-01").count == 0
    bill.refresh_from_db()
    assert bill.status == "paid"


def test_b11_fees_are_off_by_default(settings):
    settings.LATE_FEE = "0"
    make_bill()
    assert charge("2026-02-01").count == 0


def test_b11_the_fee_stands_on_the_next_bill():
    make_bill(plan=make_plan(bills_while_unpaid=True))
    run = billing_run.generate(now=at("2026-02-01"), limit=500)
    assert run.summary == "1 late fee charged, 5.00 USD in all; 1 bill issued, 25.00 USD in all"
    bill = Bill.objects.order_by("sequence").last()
    assert [(line.kind, line.amount) for line in bill.lines.all()] == [("recurring", 20), ("item", 5)]


def test_an_archived_customer_is_charged_no_fee():
    bill = make_bill()
    Customer.objects.filter(pk=bill.customer_id).update(archived_at=at("2026-01-20"))
    assert charge("2026-02-01").count == 0


def test_batches_smaller_than_the_work_finish_it():
    for _ in range(5):
        make_bill()
    assert charge("2026-02-01", limit=2).count == 5
