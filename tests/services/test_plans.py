"""Changes of a plan that is sold already (rules B5, T3)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import BillingState, Plan, PriceBefore
from billing.services import plan_changes, plans
from tests.builders import at, issue_next, make_plan, make_subscription
from tests.diary import lines, refused, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

APRIL = date(2026, 4, 1)


def subscribed(**changes):
    return make_subscription(plan=make_plan(**{"price": Decimal(30), **changes}), starts_on=APRIL)


def set_price(plan, price, day):
    plans.set_price(plan=plan, price=Decimal(price), now=at(day))


def test_b5_a_new_price_is_for_periods_that_start_from_today_on():
    subscription = subscribed()
    run("2026-04-01")
    set_price(subscription.plan, "40", "2026-05-01")
    run("2026-05-01")
    assert lines(subscription) == ["2026-04-01 2026-05-01 30.00", "2026-05-01 2026-06-01 40.00"]


def test_b5_a_period_that_began_before_keeps_its_price_also_when_it_is_billed_later():
    late, arrears = subscribed(), subscribed(mode=Plan.Mode.POSTPAID)
    for subscription in (late, arrears):
        set_price(subscription.plan, "40", "2026-04-15")
        set_price(subscription.plan, "50", "2026-05-10")
    run("2026-06-01")
    prices = ["2026-04-01 2026-05-01 30.00", "2026-05-01 2026-06-01 40.00"]
    assert lines(arrears) == prices
    assert lines(late) == [*prices, "2026-06-01 2026-07-01 50.00"]


def test_b5_the_part_of_a_period_costs_the_price_of_its_own_first_day():
    subscription, plan = subscribed(), make_plan(price=Decimal(60))
    make_subscription(plan=plan)
    set_price(plan, "90", "2026-04-11")
    issue_next(subscription, now=at("2026-04-01"))
    plan_changes.change_now(subscription=subscription, plan=plan, now=at("2026-04-11"))
    assert lines(subscription)[-1] == "2026-04-11 2026-05-01 60.00"  # 20 of 30 days of 90.00


def test_b5_of_several_prices_on_one_day_the_last_counts_from_that_day_and_the_first_before():
    subscription = subscribed()
    for price in ("40", "50", "45"):
        set_price(subscription.plan, price, "2026-05-01")
    assert [str(row) + f": {row.price:.2f}" for row in PriceBefore.objects.all()] == [
        f"{subscription.plan} before 2026-05-01: 30.00"
    ]
    run("2026-05-01")
    assert lines(subscription) == ["2026-04-01 2026-05-01 30.00", "2026-05-01 2026-06-01 45.00"]


def test_b5_the_price_of_a_plan_that_nobody_has_needs_no_past():
    plan = make_plan()
    set_price(plan, "40", "2026-05-01")
    plan.refresh_from_db()
    assert (plan.price, PriceBefore.objects.count()) == (40, 0)


@pytest.mark.parametrize(
    ("price", "message"),
    [
        ("-0.01", "A plan cannot cost -0.01"),
        ("NaN", "A plan cannot cost NaN"),
        ("1e12", "A plan cannot cost"),
        ("19.999", "19.999 has too many decimals: USD has 2"),
    ],
)
def test_a_price_is_refused(price, message):
    subscription = subscribed()
    with refused(message):
        set_price(subscription.plan, price, "2026-05-01")


@pytest.mark.parametrize(
    "rhythm", [{"interval_unit": "year"}, {"interval_count": 3}, {"billing_day": 1}], ids=lambda rhythm: str(rhythm)
)
def test_t3_the_rhythm_of_a_plan_in_use_stays(rhythm):
    subscription, waited_for, free = subscribed(), make_plan(), make_plan()
    plan_changes.change_at_period_end(subscription=subscription, plan=waited_for, now=at("2026-04-05"))
    for plan in (subscription.plan, waited_for):
        for name, value in rhythm.items():
            setattr(plan, name, value)
        with refused("in use: its interval and billing day stay.*Add another plan"):
            plans.change(plan, list(rhythm), now=at("2026-04-05"))
    for name, value in rhythm.items():
        setattr(free, name, value)
    plans.change(free, list(rhythm), now=at("2026-04-05"))
    assert Plan.objects.filter(pk=free.pk, **rhythm).exists()


def test_b2_more_lead_days_bring_the_next_bill_forward():
    subscription = subscribed()
    run("2026-04-01")
    subscription.plan.lead_days = 7
    plans.change(subscription.plan, ["lead_days"], now=at("2026-04-10"))
    assert BillingState.objects.get().bill_on == date(2026, 4, 24)
    subscription.plan.mode = Plan.Mode.POSTPAID
    plans.change(subscription.plan, ["mode"], now=at("2026-04-11"))
    run("2026-05-01")
    assert len(lines(subscription)) == 1
    run("2026-06-01")
    assert len(lines(subscription)) == 2
