"""Changes of a plan that is sold already (rules B5, T3)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import BillingState, Plan, PriceBefore, UnbilledDays
from billing.services import billing_states, endings, holds, plan_changes, plans
from tests.builders import at, issue_next, make_plan, make_subscription
from tests.diary import lines, reasons, refused, run, run_daily

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
    run("2026-05-01")
    assert lines(subscription) == ["2026-04-01 2026-05-01 30.00", "2026-05-01 2026-06-01 45.00"]


def test_s1_every_new_price_says_what_it_was_before_who_changed_it_and_when(admin_user):
    subscription = subscribed()
    for price in ("40", "50"):
        plans.set_price(plan=subscription.plan, price=Decimal(price), now=at("2026-05-01T10:00"), by=admin_user)
    assert list(PriceBefore.objects.values_list("price", "day", "changed_at", "changed_by")) == [
        (before, date(2026, 5, 1), at("2026-05-01T10:00"), admin_user.pk) for before in (30, 40)
    ]


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


def edit(plan, day, **changes):
    for name, value in changes.items():
        setattr(plan, name, value)
    plans.change(plan, list(changes), now=at(day))


def next_bill(subscription):
    return str(BillingState.objects.get(pk=subscription.pk).bill_on)


def test_b2_an_edit_of_the_plan_moves_the_next_bills_at_once():
    subscription, other = subscribed(), subscribed()
    run("2026-04-01")
    edit(subscription.plan, "2026-04-10", lead_days=7)
    assert next_bill(subscription) == "2026-04-24"
    edit(subscription.plan, "2026-04-11", mode=Plan.Mode.POSTPAID)
    assert next_bill(subscription) == "2026-06-01"
    edit(subscription.plan, "2026-04-12", mode=Plan.Mode.PREPAID, lead_days=0)
    assert next_bill(subscription) == "2026-05-01"
    assert next_bill(other) == "2026-05-01"


def test_b2_an_edit_of_the_plan_reaches_those_who_wait_for_it():
    subscription, plan = subscribed(), make_plan()
    run("2026-04-01")
    plan_changes.change_at_period_end(subscription=subscription, plan=plan, now=at("2026-04-05"))
    edit(plan, "2026-04-10", lead_days=3)
    assert next_bill(subscription) == "2026-04-28"


def test_l3_l6_an_edit_of_the_plan_minds_holds_and_ends():
    plan = make_plan()
    held, ending, ended = (make_subscription(plan=plan, starts_on=APRIL) for _ in range(3))
    run("2026-04-01")
    holds.hold(subscription=held, starts_on=date(2026, 5, 10), ends_on=date(2026, 5, 20), now=at("2026-04-02"))
    endings.end(subscription=ending, on=date(2026, 5, 11), now=at("2026-04-02"))
    endings.end(subscription=ended, on=date(2026, 5, 1), now=at("2026-04-02"))
    edit(plan, "2026-04-02", mode=Plan.Mode.POSTPAID)
    assert [next_bill(subscription) for subscription in (held, ending, ended)] == ["2026-05-10", "2026-05-11", "None"]


def test_b7_an_edit_of_the_plan_leaves_aside_who_was_set_aside():
    subscription = subscribed()
    billing_states.set_aside({subscription.pk: "Wrong address"}, now=at("2026-04-01"))
    edit(subscription.plan, "2026-04-02", lead_days=7)
    assert (BillingState.objects.get().review, next_bill(subscription)) == ("Wrong address", "2026-03-25")


def cut(**changes):
    """Billed for April, due on the 15th and not paid."""
    subscription = subscribed(**changes)
    run_daily("2026-04-01", "2026-04-16")
    assert reasons(subscription) == ["unpaid"]
    return subscription


def test_b9_a_plan_that_is_not_billed_while_unpaid_any_more_has_no_next_bill():
    subscription = cut(bills_while_unpaid=True)
    edit(subscription.plan, "2026-04-20", bills_while_unpaid=False)
    assert next_bill(subscription) == "None"


@pytest.mark.parametrize("change", [{"bills_while_unpaid": True}, {"mode": Plan.Mode.POSTPAID}], ids=str)
def test_b9_a_plan_that_is_billed_while_unpaid_from_now_on_bills_no_day_before(change):
    subscription = cut()
    run("2026-06-10")
    edit(subscription.plan, "2026-06-11", **change)
    assert [str(days) for days in UnbilledDays.objects.all()] == ["2026-05-01 to 2026-06-11"]
    run("2026-06-11")
    run("2026-07-01")
    assert lines(subscription)[:2] == ["2026-04-01 2026-05-01 30.00", "2026-06-11 2026-07-01 20.00"]


def test_b9_an_edit_of_the_plan_costs_who_is_not_disabled_no_day():
    subscription = subscribed()
    edit(subscription.plan, "2026-04-20", bills_while_unpaid=True)
    assert not UnbilledDays.objects.exists()
