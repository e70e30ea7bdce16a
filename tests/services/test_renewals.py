"""Prepaid renewals: unpaid time is not billed, paid time is not lost (rules L4, B9)."""

from datetime import date
from decimal import Decimal
from uuid import uuid4

import pytest

from billing.models import Bill, Customer, Payment, Plan, UnbilledDays
from billing.services import credit_notes, endings, holds, items, prepaid, reversals
from tests.builders import at, make_customer, make_plan, make_subscription
from tests.diary import balance, credit, is_online, last_bill, lines, owed, pay, reasons, refused, run, run_daily

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

APRIL = date(2026, 4, 1)


def renewing(starts_on=APRIL, **changes):
    """A prepaid plan whose renewals are issued a week ahead and due on the last paid day."""
    return make_subscription(
        plan=make_plan(**{"price": Decimal(30), "lead_days": 7, "due_days": None, **changes}), starts_on=starts_on
    )


def lapsed(**changes):
    """Paid for April, cut on 1 May because the renewal of 24 April is not paid."""
    subscription = renewing(**changes)
    run("2026-04-01")
    pay(subscription.customer, "30", "2026-04-01")
    run_daily("2026-04-24", "2026-05-01")
    assert reasons(subscription) == ["unpaid"]
    return subscription


def renew(subscription, day, **how):
    return prepaid.renew(subscription=subscription, method="cash", now=at(day), **how)


def unbilled(subscription):
    return [f"{days} {days.reason}" for days in UnbilledDays.objects.filter(subscription=subscription)]


def test_l4_a_renewal_is_issued_ahead_and_due_on_the_last_paid_day():
    subscription = renewing()
    run("2026-04-01")
    pay(subscription.customer, "30", "2026-04-01")
    run("2026-04-23")
    assert Bill.objects.count() == 1
    run("2026-04-24")
    assert last_bill(subscription.customer).due_on == date(2026, 4, 30)
    run("2026-04-30T23:59:59")
    assert is_online(subscription)
    run("2026-05-01")
    assert reasons(subscription) == ["unpaid"]


def test_l4_paid_early_no_day_is_lost():
    subscription = renewing()
    run("2026-04-01")
    pay(subscription.customer, "30", "2026-04-01")
    assert renew(subscription, "2026-04-10").paid_until == date(2026, 6, 1)
    run("2026-05-01")
    assert is_online(subscription)
    assert lines(subscription) == ["2026-04-01 2026-05-01 30.00", "2026-05-01 2026-06-01 30.00"]


def test_l4_two_renewals_count_twice_and_one_request_once():
    subscription, key = renewing(), uuid4()
    run("2026-04-01")
    pay(subscription.customer, "30", "2026-04-01")
    first = renew(subscription, "2026-04-10", request_key=key)
    again = renew(subscription, "2026-04-10", request_key=key)
    assert (again.payment, again.paid_until) == (first.payment, first.paid_until)
    assert renew(subscription, "2026-04-10", request_key=uuid4()).paid_until == date(2026, 7, 1)


def test_l4_while_cut_no_further_renewal_is_billed():
    subscription = lapsed()
    run_daily("2026-05-02", "2026-06-10")
    assert Bill.objects.count() == 2
    assert owed(subscription.customer) == [30]


def test_l4_paid_late_the_period_starts_on_the_day_of_payment():
    subscription = lapsed()
    asked = last_bill(subscription.customer)
    pay(subscription.customer, "30", "2026-05-11")
    asked.refresh_from_db()
    assert (asked.status, asked.void_reason) == ("void", "Paid on 2026-05-11, after the paid time had ended")
    assert is_online(subscription)
    assert lines(subscription) == ["2026-04-01 2026-05-01 30.00", "2026-05-11 2026-06-11 30.00"]
    assert unbilled(subscription) == ["2026-05-01 to 2026-05-11 unpaid"]
    assert balance(subscription.customer) == 0
    run("2026-06-04")
    assert lines(subscription)[-1] == "2026-06-11 2026-07-11 30.00"


def test_l4_paid_late_on_a_fixed_billing_day_the_rest_of_the_running_month_is_bought():
    subscription = lapsed(billing_day=1)
    pay(subscription.customer, "30", "2026-05-11")
    assert lines(subscription)[-1] == "2026-05-11 2026-06-01 20.32"  # 21 of 31 days
    assert credit(subscription.customer) == Decimal("9.68")


def test_l4_renewed_late_at_the_desk_is_the_same():
    subscription = lapsed()
    assert renew(subscription, "2026-05-11").paid_until == date(2026, 6, 11)
    assert is_online(subscription)


def test_l4_paid_late_and_before_the_expiry_check_the_period_is_as_billed():
    subscription = renewing()
    run("2026-04-01")
    pay(subscription.customer, "30", "2026-04-01")
    run("2026-04-24")
    pay(subscription.customer, "30", "2026-05-01T00:00:30")
    assert lines(subscription)[-1] == "2026-05-01 2026-06-01 30.00"


def test_l4_a_part_payment_does_not_bring_it_back():
    subscription = lapsed()
    pay(subscription.customer, "29.99", "2026-05-11")
    assert owed(subscription.customer) == [Decimal("0.01")]
    assert not is_online(subscription)
    pay(subscription.customer, "0.01", "2026-05-21")
    assert lines(subscription)[-1] == "2026-05-21 2026-06-21 30.00"


def test_l4_paid_with_credit_that_staff_give_it_is_the_same():
    subscription = lapsed()
    credit_notes.give(customer=subscription.customer, amount=Decimal(30), reason="Sorry", now=at("2026-05-11"))
    assert lines(subscription)[-1] == "2026-05-11 2026-06-11 30.00"
    assert is_online(subscription)


def test_b5_the_price_that_was_asked_stays_when_it_rose_meanwhile():
    subscription = lapsed()
    Plan.objects.filter(pk=subscription.plan_id).update(price=Decimal(40))
    pay(subscription.customer, "30", "2026-05-11")
    assert lines(subscription)[-1] == "2026-05-11 2026-06-11 30.00"
    assert balance(subscription.customer) == 0


def test_l4_items_on_the_bill_come_along_and_later_ones_wait():
    subscription = renewing()
    run("2026-04-01")
    pay(subscription.customer, "30", "2026-04-01")
    items.add(customer=subscription.customer, description="Cable", amount=Decimal(5), now=at("2026-04-20"))
    run_daily("2026-04-24", "2026-05-01")
    items.add(customer=subscription.customer, description="Router", amount=Decimal(50), now=at("2026-05-05"))
    pay(subscription.customer, "35", "2026-05-11")
    assert [line.description for line in last_bill(subscription.customer).lines.filter(kind="item")] == ["Cable"]
    assert (owed(subscription.customer), is_online(subscription)) == ([], True)


def test_l4_when_it_ends_soon_only_the_days_to_the_end_are_charged():
    subscription = renewing()
    run("2026-04-01")
    pay(subscription.customer, "30", "2026-04-01")
    endings.end(subscription=subscription, on=date(2026, 5, 21), now=at("2026-04-10"))
    run_daily("2026-04-24", "2026-05-01")
    assert owed(subscription.customer) == [Decimal("19.35")]  # 20 of 31 days
    pay(subscription.customer, "19.35", "2026-05-11")
    assert lines(subscription)[-1] == "2026-05-11 2026-05-21 9.68"  # 10 of 31 days
    assert credit(subscription.customer) == Decimal("9.67")


def test_l4_a_hold_ahead_stops_the_period_that_is_bought_late():
    subscription = lapsed()
    holds.hold(subscription=subscription, starts_on=date(2026, 5, 21), now=at("2026-05-10"))
    pay(subscription.customer, "30", "2026-05-11")
    assert lines(subscription)[-1] == "2026-05-11 2026-05-21 9.68"  # 10 of 31 days
    assert credit(subscription.customer) == Decimal("20.32")


def test_l4_paid_during_a_hold_the_period_stays_and_the_days_of_rest_are_credited():
    subscription = lapsed()
    holds.hold(subscription=subscription, starts_on=date(2026, 5, 5), now=at("2026-05-05"))
    pay(subscription.customer, "30", "2026-05-11")
    assert reasons(subscription) == ["hold"]
    holds.resume(subscription=subscription, now=at("2026-05-15"))
    assert lines(subscription)[-1] == "2026-05-01 2026-06-01 30.00"
    assert credit(subscription.customer) == Decimal("9.68")


@pytest.mark.parametrize("kind", ["written off", "credited in part"])
def test_l4_a_renewal_that_was_written_off_or_credited_in_part_stays_as_it_is(kind):
    subscription = lapsed()
    bill = last_bill(subscription.customer)
    if kind == "written off":
        credit_notes.write_off(bill=bill, reason="Never came back", now=at("2026-05-11"))
    else:
        credit_notes.correct(bill=bill, reason="Slow", now=at("2026-05-10"), amounts={bill.lines.get().pk: Decimal(5)})
        pay(subscription.customer, "25", "2026-05-11")
    assert is_online(subscription)
    assert lines(subscription)[-1] == "2026-05-01 2026-06-01 30.00"


def test_m8_when_the_late_payment_bounces_the_new_bill_is_owed_and_cuts():
    subscription = lapsed()
    payment = pay(subscription.customer, "30", "2026-05-11")
    reversals.reverse(payment=payment, kind="bounced", reason="No funds", now=at("2026-05-13"))
    assert owed(subscription.customer) == [30]
    run("2026-05-13")
    assert reasons(subscription) == ["unpaid"]
    pay(subscription.customer, "30", "2026-05-20")
    assert lines(subscription)[-1] == "2026-05-11 2026-06-11 30.00"


def test_b9_blocked_time_that_was_not_billed_is_never_billed():
    subscription = make_subscription(plan=make_plan(price=Decimal(30)), starts_on=APRIL)
    run_daily("2026-04-01", "2026-05-20")
    assert owed(subscription.customer) == [30]
    pay(subscription.customer, "30", "2026-05-21")
    run("2026-05-21")
    assert lines(subscription) == ["2026-04-01 2026-05-01 30.00", "2026-05-21 2026-06-01 10.65"]  # 11 of 31 days
    assert unbilled(subscription) == ["2026-05-01 to 2026-05-21 unpaid"]


@pytest.mark.parametrize(
    "changes", [{"mode": Plan.Mode.POSTPAID}, {"mode": Plan.Mode.PREPAID, "bills_while_unpaid": True}]
)
def test_b9_plans_that_are_billed_while_blocked_miss_no_day(changes):
    subscription = make_subscription(plan=make_plan(price=Decimal(30), **changes), starts_on=APRIL)
    run_daily("2026-04-01", "2026-07-10")
    assert not is_online(subscription)
    pay(subscription.customer, str(balance(subscription.customer)), "2026-07-10")
    run("2026-07-10")
    assert is_online(subscription)
    assert unbilled(subscription) == []


def test_l4_an_open_bill_is_paid_before_another_period_is_billed():
    subscription = renewing()
    run("2026-04-01")
    assert renew(subscription, "2026-04-01").paid_until == date(2026, 5, 1)
    assert Bill.objects.count() == 1


def test_l4_credit_makes_a_renewal_cheaper_and_pays_the_next_bill_by_itself():
    subscription = renewing()
    pay(subscription.customer, "40", "2026-04-01")
    run("2026-04-01")
    assert renew(subscription, "2026-04-10").payment.amount == 20
    pay(subscription.customer, "30", "2026-04-11")
    with refused("needs no payment: credit.* pays the next bill by itself"):
        renew(subscription, "2026-04-12", request_key=uuid4())


def test_l4_a_renewal_is_refused():
    arrears, free, held = (
        make_subscription(plan=make_plan(**changes), starts_on=APRIL)
        for changes in ({"mode": Plan.Mode.POSTPAID}, {"price": 0}, {})
    )
    run("2026-04-01")
    pay(held.customer, "20", "2026-04-01")
    holds.hold(subscription=held, starts_on=APRIL, now=at("2026-04-01"))
    for subscription, message in (
        (arrears, "billed in arrears. Receive a payment instead"),
        (free, "needs no payment"),
        (held, "no period left to renew: it ends, or is on hold"),
    ):
        with refused(message):
            renew(subscription, "2026-04-02")
    fine = renewing()
    with refused("“barter” is not a way to pay"):
        prepaid.renew(subscription=fine, method="barter", now=at("2026-04-02"))


def test_m9_a_key_of_another_customers_payment_is_refused():
    key, subscription = uuid4(), renewing()
    pay(make_customer(), "30", "2026-04-01", request_key=key)
    with refused("already used for payment R000001"):
        renew(subscription, "2026-04-02", request_key=key)
    assert Payment.objects.count() == 1


def test_l4_an_archived_customer_does_not_renew():
    subscription = renewing()
    Customer.objects.filter(pk=subscription.customer_id).update(archived_at=at("2026-04-01"))
    with refused("archived"):
        renew(subscription, "2026-04-02")
