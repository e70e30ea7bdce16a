"""A small debt cuts nobody (rule E4)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from billing.models import FollowedPolicy
from billing.services import billing_run, reversals, sweep
from tests.builders import access_of, at, issue_next, make_customer, make_plan, make_subscription
from tests.diary import is_online, pay

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

CUT = at("2026-03-16")  # of a bill of 1 March with 14 days to pay


@pytest.fixture(autouse=True)
def minimum(settings):
    settings.MINIMUM_DEBT = "5.00"


def billed(price, *, customer=None, day="2026-03-01", **plan):
    plan = make_plan(price=Decimal(price), **plan)
    subscription = make_subscription(plan=plan, customer=customer, starts_on=at(day).date(), now=at(day))
    issue_next(subscription, now=at(day))
    return subscription


def sweep_at(now):
    return len(sweep.disable_due(now=now, limit=2).disabled)


@pytest.mark.parametrize(("price", "cuts"), [("4.99", 0), ("5.00", 0), ("5.01", 1)])
def test_e4_a_debt_cuts_when_it_is_above_the_minimum(price, cuts):
    billed(price)
    assert sweep_at(at("2030-01-01")) == cuts


def test_e4_a_part_payment_that_leaves_more_than_the_minimum_does_not_restore():
    subscription = billed("20")
    sweep_at(CUT)
    pay(subscription.customer, "14.99", "2026-03-17")
    assert not is_online(subscription)
    pay(subscription.customer, "0.01", "2026-03-18")
    assert is_online(subscription)
    assert access_of(subscription).cut_off_at is None


def test_e4_small_bills_add_up_to_a_debt_when_the_second_is_past_its_own_cut_off():
    customer = make_customer()
    first = billed("3.00", customer=customer)
    second = billed("3.00", customer=customer, day="2026-03-10")
    assert {access_of(service).cut_off_at for service in (first, second)} == {at("2026-03-25")}
    assert sweep_at(at("2026-03-25") - timedelta(seconds=1)) == 0
    assert sweep_at(at("2026-03-25")) == 2


def test_e4_a_bill_that_is_not_past_its_cut_off_does_not_count_for_an_older_one():
    customer = make_customer()
    small = billed("5.00", customer=customer)
    large = billed("100", customer=customer, day="2026-03-10", grace_days=30)
    assert [access_of(service).cut_off_at for service in (small, large)] == [at("2026-04-24")] * 2


def test_e4_a_bill_of_two_services_counts_once():
    customer = make_customer()
    services = [
        make_subscription(customer=customer, plan=make_plan(price=Decimal("2.50"), grace_days=grace_days))
        for grace_days in (0, 3)
    ]
    billing_run.generate(now=at("2026-01-01"), limit=10)
    assert services[0].lines.get().bill == services[1].lines.get().bill
    assert sweep_at(at("2026-01-25")) == 0


def test_e4_the_reversal_of_a_payment_lifts_the_debt_above_the_minimum_again():
    subscription = billed("20")
    payment = pay(subscription.customer, "17", "2026-03-02")
    assert sweep_at(CUT) == 0
    reversals.reverse(payment=payment, reason="Bounced", kind="bounced", now=at("2026-03-20"))
    assert sweep_at(at("2026-03-20")) == 1


def test_e4_another_minimum_is_followed_by_the_next_sweep(settings):
    small, large = (billed(price) for price in ("3.00", "30.00"))
    assert sweep_at(CUT) == 1
    settings.MINIMUM_DEBT = "2"
    assert sweep_at(CUT + timedelta(hours=1)) == 1
    assert not is_online(small)
    settings.MINIMUM_DEBT = "50"
    assert sweep_at(CUT + timedelta(hours=2)) == 0
    assert is_online(small) and is_online(large)
    assert FollowedPolicy.objects.get().minimum_debt == 50
    settings.MINIMUM_DEBT = "0"
    assert sweep_at(CUT + timedelta(hours=3)) == 2


def test_e4_the_minimum_is_followed_on_a_day_without_cuts_too(settings):
    subscription = billed("30")
    sweep_at(CUT)
    settings.MINIMUM_DEBT, settings.WEEKDAYS_WITHOUT_CUTS = "50", ["tue"]
    assert sweep_at(at("2026-03-17")) == 0
    assert is_online(subscription)


def test_e4_who_came_back_through_another_minimum_says_so(settings):
    subscription = billed("30")
    sweep_at(CUT)
    settings.MINIMUM_DEBT = "50"
    sweep_at(CUT + timedelta(hours=1))
    assert [event.rule for event in subscription.access_events.order_by("pk")] == ["E1", "E4"]
