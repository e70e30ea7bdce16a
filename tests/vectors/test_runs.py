"""Examples C, E and F: what is issued once, by whoever asks, and its number (rules B1, B6, M9, M10, T6)."""

from datetime import date
from random import Random

import pytest

from billing.models import Bill, BillingState, NumberSeries, Payment
from billing.services import billing_run, bills, settlement
from tests.builders import access_of, at, issue_next, make_plan, make_subscription
from tests.concurrency.races import dealt, together
from tests.diary import lines, owed, pay, run
from tests.vectors.support import money


@pytest.mark.django_db
def test_c29_a_run_two_days_later_bills_nothing_more():
    subscription = make_subscription(starts_on=date(2011, 12, 1))
    run("2011-12-01")
    run("2011-12-03")
    assert len(lines(subscription)) == Bill.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_c30_a_bill_that_two_issue_and_pay_at_once_is_one_bill_and_one_payment():
    # In the source the second caller is told "transition not allowed"; here it gets the same answer (rule M9).
    subscription = make_subscription()

    def issue_and_pay():
        bill = bills.issue_period(subscription=subscription, start=date(2026, 1, 1), now=at("2026-01-01"))
        paid = pay(subscription.customer, "20", "2026-01-02", gateway="bank", transaction_id="T-1")
        return bill.pk, paid.pk

    first, second = together(issue_and_pay, issue_and_pay)
    assert first == second
    assert (Bill.objects.get().status, Payment.objects.count()) == ("paid", 1)


@pytest.mark.django_db
def test_c32_after_billing_was_switched_off_every_missed_period_is_billed(monkeypatch):
    subscription = make_subscription(plan=make_plan(price=money("10.00"), bills_while_unpaid=True))

    def switched_off(*args, **kwargs):
        raise RuntimeError("billing is switched off")

    with monkeypatch.context() as patch:
        patch.setattr("billing.services.issuing.issue", switched_off)
        billing_run.generate(now=at("2026-01-01"), limit=10)
    assert BillingState.objects.get().review == "billing is switched off"
    run("2026-03-01")
    assert Bill.objects.count() == 0
    billing_run.try_again(subscription_ids=[subscription.pk], now=at("2026-03-01"))
    # In the source it is one bill with the three periods; here each has one of its own (rule T6).
    assert lines(subscription) == [
        "2026-01-01 2026-02-01 10.00",
        "2026-02-01 2026-03-01 10.00",
        "2026-03-01 2026-04-01 10.00",
    ]
    assert owed(subscription.customer) == [10, 10, 10]
    assert BillingState.objects.get().review == ""


@pytest.mark.django_db
def test_e19_a_price_of_zero_needs_no_payment_and_its_period_counts_as_billed():
    subscription = make_subscription(plan=make_plan(price=0))
    run("2026-01-01")
    bill = Bill.objects.get()
    assert (bill.total, bill.status, lines(subscription)) == (0, "paid", ["2026-01-01 2026-02-01 0.00"])
    assert BillingState.objects.get().billed_until == date(2026, 2, 1)
    assert access_of(subscription).cut_off_at is None
    run("2026-01-15")
    assert Bill.objects.count() == 1


@pytest.mark.django_db
def test_f3_a_draft_has_no_number_and_takes_none():
    subscription = make_subscription()
    bills.preview(subscription=subscription, now=at("2026-01-01"))
    assert not NumberSeries.objects.filter(key="bill").exists()
    draft = Bill(customer=subscription.customer, currency="USD", net=0, total=0, issued_at=at("2026-01-01"))
    draft.issued_on = draft.due_on = date(2026, 1, 1)
    draft.save()
    assert (draft.status, draft.number) == ("draft", None)
    assert issue_next(subscription, now=at("2026-01-01")).number == "B000001"


@pytest.mark.django_db(transaction=True)
def test_f5_numbers_have_no_gap_when_eight_issue_at_once_and_some_are_rolled_back(monkeypatch):
    services = [make_subscription() for _ in range(8 * 25)]
    unlucky = {one.customer_id for one in Random(29).sample(services, 58)}  # 29 %
    settle = settlement.settle

    def settled(customer_ids, **how):
        if unlucky & set(customer_ids):
            raise RuntimeError("power cut")
        settle(customer_ids, **how)

    def issue(hand):
        for subscription in hand:
            try:
                issue_next(subscription, now=at("2026-01-01"))
            except RuntimeError:
                continue

    monkeypatch.setattr(settlement, "settle", settled)
    together(*(lambda hand=hand: issue(hand) for hand in dealt(services, 8, seed=5)))
    assert list(Bill.objects.order_by("sequence").values_list("sequence", flat=True)) == list(range(1, 200 - 58 + 1))
