"""Examples C: who is cut and what the time without service costs (rules B9, E1, E2).

Kill Bill credits the days on which a service was blocked, also those that were billed before. Here a day that is
billed stays billed, and what was not billed while blocked is never billed (rule B9). Both numbers are shown.
"""

from datetime import date, timedelta

import pytest

from billing.models import Bill, UnbilledDays
from billing.rules.ladder import Stage, stage
from billing.rules.proration import Standing, unused
from billing.services import credit_notes, items
from tests.builders import at, make_plan, make_subscription
from tests.diary import balance, credit, is_online, lines, owed, pay, reasons, run, run_daily
from tests.vectors.support import USD, day, money

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

# Overdue from 30 days after the bill, off from 40 days after it: due after 30 days, and 9 days of grace.
PLAN = {"price": money("249.95"), "due_days": 30, "grace_days": 9}


def blocked_on_10_july():
    """The bill of 31 May is not paid; the next one, of 30 June, came before the cut."""
    subscription = make_subscription(plan=make_plan(**PLAN), starts_on=date(2012, 5, 31))
    run_daily("2012-05-31", "2012-07-09")
    assert is_online(subscription)
    run("2012-07-10")
    assert reasons(subscription) == ["unpaid"]
    assert lines(subscription) == ["2012-05-31 2012-06-30 249.95", "2012-06-30 2012-07-31 249.95"]
    return subscription


def blocked_days_at_kill_bill(first, end):
    """What Kill Bill credits of the bill of 30 June."""
    line = Standing(money("249.95"), day("2012-06-30"), day("2012-07-31"))
    return unused(line, start=day(first), end=day(end), currency=USD)


def pay_all(subscription, on):
    pay(subscription.customer, str(balance(subscription.customer)), on)


def test_c14_paid_after_ten_days_without_service():
    subscription = blocked_on_10_july()
    pay_all(subscription, "2012-07-20")
    assert is_online(subscription)
    run_daily("2012-07-20", "2012-07-31")
    assert blocked_days_at_kill_bill("2012-07-10", "2012-07-20") == money("80.63")
    # There the bill of 31 July is 249.95 − 80.63 = 169.32; here the ten days were billed before, and stay so.
    assert owed(subscription.customer) == [money("249.95")]
    assert UnbilledDays.objects.count() == 0
    pay_all(subscription, "2012-07-31")
    assert balance(subscription.customer) == 0


def test_c15_paid_when_the_next_period_begins():
    subscription = blocked_on_10_july()
    run_daily("2012-07-11", "2012-07-30")
    pay_all(subscription, "2012-07-31")
    run("2012-07-31")
    assert blocked_days_at_kill_bill("2012-07-10", "2012-07-31") == money("169.32")
    # There 249.95 − 169.32 = 80.63 is to be paid for the period of 31 July, here the whole of it.
    assert lines(subscription)[-1] == "2012-07-31 2012-08-31 249.95"
    assert owed(subscription.customer) == [money("249.95")]


def test_c15_paid_ten_days_later_still_the_days_that_were_not_billed_stay_free():
    subscription = blocked_on_10_july()
    run_daily("2012-07-11", "2012-08-09")
    pay_all(subscription, "2012-08-10")
    run("2012-08-10")
    assert lines(subscription)[-1] == "2012-08-10 2012-08-31 169.32"  # 21 of 31 days, and not 249.95
    assert str(UnbilledDays.objects.get()) == "2012-07-31 to 2012-08-10"


@pytest.mark.parametrize("how", ["credit", "correction"])
def test_c19_credit_or_a_correction_of_the_first_bill_clears_and_the_second_one_counts_from_its_own_date(how):
    subscription = make_subscription(plan=make_plan(**PLAN), starts_on=date(2012, 5, 31))
    run_daily("2012-05-31", "2012-07-01")
    if how == "credit":
        credit_notes.give(customer=subscription.customer, amount=money("249.95"), reason="Sorry", now=at("2012-07-02"))
    else:
        credit_notes.correct(bill=Bill.objects.earliest("pk"), reason="Never used", now=at("2012-07-02"))
    run_daily("2012-07-10", "2012-08-08")
    assert is_online(subscription)
    unpaid_since = Bill.objects.filter(status="open").earliest("pk").issued_on
    assert unpaid_since == date(2012, 6, 30)
    stages = [Stage("OD1", 30), Stage("OD2", 40)]
    assert stage(unpaid_since, stages, unpaid_since + timedelta(days=29)) is None
    assert stage(unpaid_since, stages, unpaid_since + timedelta(days=35)).name == "OD1"
    run("2012-08-09")  # 40 days
    assert reasons(subscription) == ["unpaid"]


def test_c22_what_is_not_billed_yet_is_never_overdue():
    subscription = make_subscription(plan=make_plan(price=0), starts_on=date(2012, 5, 31), ends_on=date(2012, 6, 30))
    run("2012-05-31")
    items.add(customer=subscription.customer, description="Charge", amount=money("10.00"), now=at("2012-05-31"))
    for on in ("2012-06-29", "2012-08-01", "2013-08-01"):
        run(on)
    assert reasons(subscription) == ["ended"]
    assert (owed(subscription.customer), balance(subscription.customer), credit(subscription.customer)) == ([], 0, 0)
