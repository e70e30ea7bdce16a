"""Examples C29, C30, C32, E19 and F: bills as they are issued, and their numbers (rules B1, B6, B7, T6, M9, M10)."""

import random
from datetime import date
from decimal import Decimal

import pytest
from django.db import transaction

from billing.models import Bill, BillingState, BillLine, NumberSeries, Payment
from billing.services import billing_run, bills, numbers
from tests.builders import at, make_plan, make_subscription
from tests.concurrency.races import together
from tests.diary import pay

pytestmark = pytest.mark.django_db


def run(day):
    return billing_run.generate(now=at(day), limit=500)


def test_c29_days_that_are_billed_already_give_no_new_bill():
    subscription = make_subscription(plan=make_plan(interval_count=3), starts_on=date(2011, 9, 1))
    assert run("2011-09-01").bills == 1
    assert BillingState.objects.get(pk=subscription.pk).billed_until == date(2011, 12, 1)
    assert run("2011-11-30").bills == 0


@pytest.mark.django_db(transaction=True)
def test_c30_a_bill_that_two_issue_and_pay_at_once_is_one_bill_and_one_payment():
    """In the source the second one is told "transition not allowed"; here both get the same answer (rule M9)."""
    subscription = make_subscription()

    def issue_and_pay():
        bill = bills.issue_period(subscription=subscription, start=date(2026, 1, 1), now=at("2026-01-01"))
        return bill.pk, pay(subscription.customer, "20", "2026-01-02", gateway="bank", transaction_id="T-1").pk

    first, second = together(issue_and_pay, issue_and_pay)
    assert first == second
    assert (Bill.objects.get().status, Payment.objects.count()) == ("paid", 1)


def test_c32_what_was_set_aside_is_billed_for_every_missed_period_when_it_is_tried_again():
    """The source puts the missed periods on one bill; here each has a bill of its own (rule T6)."""
    subscription = make_subscription(starts_on=date(2012, 4, 1))
    BillingState.objects.update(review="Invoicing is switched off", review_since=at("2012-04-01"))
    assert [run(day).bills for day in ("2012-04-01", "2012-05-01", "2012-06-01")] == [0, 0, 0]
    assert billing_run.try_again(subscription_ids=[subscription.pk], now=at("2012-06-01")).bills == 3
    lines = BillLine.objects.order_by("period")
    assert [str(line.period.lower) for line in lines] == ["2012-04-01", "2012-05-01", "2012-06-01"]
    assert BillingState.objects.get().review == ""
    assert run("2012-07-01").bills == 1


def test_e19_a_plan_of_nothing_has_a_line_of_nothing_no_payment_and_its_period_is_billed():
    make_subscription(plan=make_plan(price=Decimal(0)))
    run("2026-01-01")
    bill = Bill.objects.get()
    assert (bill.status, bill.total, bill.allocations.count()) == ("paid", 0, 0)
    assert bill.lines.get().amount == 0
    assert BillingState.objects.get().billed_until == date(2026, 2, 1)


def test_f3_a_draft_has_no_number():
    """What will be on the next bill is shown as a draft; its number is given when it is issued."""
    subscription = make_subscription()
    bills.preview(subscription, now=at("2026-01-01"))
    assert not NumberSeries.objects.filter(key="bill").exists()
    run("2026-01-01")
    assert Bill.objects.get().number == "B000001"


def test_f4_the_month_in_the_number_is_the_companys(settings):
    settings.TIME_ZONE = "Europe/Paris"
    NumberSeries.objects.create(key="bill", prefix="{year}{month}-", digits=3)
    make_subscription(starts_on=date(2023, 10, 1), now=at("2023-09-01"))
    run("2023-09-30T21:59")
    assert not Bill.objects.exists()
    run("2023-09-30T23:10")
    assert Bill.objects.get().number == "202310-001"


class RolledBack(Exception):
    pass


def take_25(seed):
    """25 numbers, about 29 % of them given back; the others."""
    chance, kept = random.Random(seed), []
    for _ in range(25):
        try:
            with transaction.atomic():
                sequence, _ = numbers.take("bill", on=date(2026, 1, 1))
                if chance.random() < 0.29:
                    raise RolledBack
            kept.append(sequence)
        except RolledBack:
            pass
    return kept


@pytest.mark.django_db(transaction=True)
def test_f5_eight_issuers_at_once_of_whom_some_roll_back_leave_no_gap():
    hands = together(*(lambda seed=seed: take_25(seed) for seed in range(8)))
    kept = sorted(number for hand in hands for number in hand)
    assert 100 < len(kept) < 190
    assert kept == list(range(1, len(kept) + 1))
