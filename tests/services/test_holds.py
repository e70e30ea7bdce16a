"""Holds: days of rest without access that are not billed (rule L3)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Customer, Hold, Plan, ScheduledChange, UnbilledDays
from billing.services import endings, holds, scheduled_changes, sweep
from tests.builders import at, make_plan, make_subscription
from tests.diary import balance, credit, is_online, lines, notes, owed, pay, reasons, refused, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

APRIL = date(2026, 4, 1)  # a month of 30 days, so that a plan of 30.00 costs 1.00 a day


def subscribed(**changes):
    """Subscribed and paid from 1 April on."""
    subscription = make_subscription(plan=make_plan(**{"price": Decimal(30), **changes}), starts_on=APRIL)
    run("2026-04-01")
    if owed(subscription.customer):
        pay(subscription.customer, "30", "2026-04-01")
    return subscription


def hold(subscription, first, end=None, on=None):
    ends_on = date.fromisoformat(end) if end else None
    return holds.hold(
        subscription=subscription, starts_on=date.fromisoformat(first), ends_on=ends_on, now=at(on or first)
    )


def resume(subscription, day):
    holds.resume(subscription=subscription, now=at(day))


def unbilled(subscription):
    return [f"{days} {days.reason}" for days in UnbilledDays.objects.filter(subscription=subscription)]


def test_l3_paid_days_on_hold_are_credited_when_it_ends_and_access_comes_back():
    subscription = subscribed()
    hold(subscription, "2026-04-11", "2026-04-21", on="2026-04-05")
    run("2026-04-10")
    assert is_online(subscription)
    run("2026-04-11")
    assert reasons(subscription) == ["hold"]
    assert notes(subscription.customer) == []
    run("2026-04-21")
    assert is_online(subscription)
    assert notes(subscription.customer) == ["unused 10.00"]


def test_l3_the_grid_of_the_periods_stays():
    subscription = subscribed()
    hold(subscription, "2026-04-21", "2026-05-11")
    for day in ("2026-05-01", "2026-05-11", "2026-06-01"):
        run(day)
    assert notes(subscription.customer) == ["unused 10.00"]
    assert lines(subscription) == [
        "2026-04-01 2026-05-01 30.00",
        "2026-05-11 2026-06-01 20.32",  # 21 of 31 days
        "2026-06-01 2026-07-01 30.00",
    ]
    assert unbilled(subscription) == ["2026-05-01 to 2026-05-11 hold"]


def test_l3_days_on_hold_that_are_not_billed_yet_are_left_out():
    subscription = make_subscription(plan=make_plan(price=Decimal(30)), starts_on=APRIL, now=at("2026-03-20"))
    hold(subscription, "2026-04-11", "2026-04-21", on="2026-03-25")
    run("2026-04-01")
    pay(subscription.customer, "10", "2026-04-01")
    run("2026-04-11")
    run("2026-04-21")
    assert lines(subscription) == ["2026-04-01 2026-04-11 10.00", "2026-04-21 2026-05-01 10.00"]
    assert notes(subscription.customer) == []


def test_l3_in_arrears_the_used_days_are_billed_when_the_hold_begins():
    subscription = subscribed(mode=Plan.Mode.POSTPAID)
    hold(subscription, "2026-04-11", "2026-04-21")
    for day in ("2026-04-11", "2026-04-21", "2026-05-01"):
        run(day)
    assert lines(subscription) == ["2026-04-01 2026-04-11 10.00", "2026-04-21 2026-05-01 10.00"]


def test_l3_without_an_end_it_lasts_until_it_is_resumed():
    subscription = subscribed()
    hold(subscription, "2026-04-21")
    run("2026-05-21")
    assert lines(subscription) == ["2026-04-01 2026-05-01 30.00"]
    resume(subscription, "2026-06-11")
    run("2026-06-11")
    assert is_online(subscription)
    assert lines(subscription)[-1] == "2026-06-11 2026-07-01 20.00"
    assert credit(subscription.customer) == 0
    assert owed(subscription.customer) == [10]


def test_l3_resumed_early_only_the_days_of_rest_are_credited():
    subscription = subscribed()
    hold(subscription, "2026-04-11", "2026-04-26")
    run("2026-04-11")
    resume(subscription, "2026-04-16")
    assert notes(subscription.customer) == ["unused 5.00"]
    assert str(Hold.objects.get()) == "2026-04-11 to 2026-04-16"
    run("2026-04-26")
    assert notes(subscription.customer) == ["unused 5.00"]


def test_l3_resumed_on_its_first_day_it_never_was():
    subscription = subscribed()
    hold(subscription, "2026-04-11", "2026-04-26")
    resume(subscription, "2026-04-11")
    assert not Hold.objects.exists()
    assert is_online(subscription)
    assert balance(subscription.customer) == 0


def test_l3_resumed_after_the_agreed_end_only_the_agreed_days_count():
    subscription = subscribed()
    hold(subscription, "2026-04-11", "2026-04-16")
    hold(subscription, "2026-04-18", "2026-04-20", on="2026-04-11")
    resume(subscription, "2026-04-19T12:00")  # the scheduler was down
    assert notes(subscription.customer) == ["unused 5.00", "unused 1.00"]
    assert is_online(subscription)


def test_l3_after_an_outage_the_agreed_days_count():
    subscription = subscribed()
    hold(subscription, "2026-04-11", "2026-04-16", on="2026-04-05")
    run("2026-04-29")
    assert is_online(subscription)
    assert notes(subscription.customer) == ["unused 5.00"]


def test_l3_two_holds_in_one_period_are_credited_to_the_cent():
    subscription = subscribed(price=Decimal("29.99"))
    pay(subscription.customer, "100", "2026-04-01")
    for first, end in (("2026-04-11", "2026-04-21"), ("2026-04-21", "2026-05-01")):
        hold(subscription, first, end)
        run(end)
    assert notes(subscription.customer) == ["unused 10.00", "unused 10.00"]
    endings.end(subscription=subscription, on=date(2026, 5, 1), now=at("2026-05-01"))
    assert notes(subscription.customer)[2:] == ["unused 29.99"]


def test_l3_a_hold_of_the_whole_period_credits_exactly_the_line():
    subscription = subscribed(price=Decimal("29.99"))
    hold(subscription, "2026-04-01", "2026-05-01")
    run("2026-05-01")
    assert notes(subscription.customer) == ["unused 29.99"]


def test_l3_in_the_trial_nothing_is_credited_and_the_trial_goes_on():
    subscription = make_subscription(plan=make_plan(price=Decimal(30), trial_days=14), starts_on=APRIL)
    hold(subscription, "2026-04-06", "2026-04-11")
    for day in ("2026-04-06", "2026-04-11", "2026-04-15"):
        run(day)
    assert lines(subscription) == ["2026-04-15 2026-05-15 30.00"]
    assert notes(subscription.customer) == []


def test_l3_a_hold_over_the_trials_end_moves_the_first_bill():
    subscription = make_subscription(plan=make_plan(price=Decimal(30), trial_days=14), starts_on=APRIL)
    hold(subscription, "2026-04-11", "2026-04-20")
    for day in ("2026-04-11", "2026-04-15", "2026-04-20"):
        run(day)
    assert lines(subscription) == ["2026-04-20 2026-05-15 25.00"]


def test_e6_a_payment_ends_the_unpaid_block_and_not_the_hold():
    subscription = make_subscription(plan=make_plan(price=Decimal(30)), starts_on=APRIL)
    run("2026-04-01")
    run("2026-04-16")
    hold(subscription, "2026-04-16")
    assert reasons(subscription) == ["unpaid", "hold"]
    pay(subscription.customer, "30", "2026-04-18")
    assert reasons(subscription) == ["hold"]
    assert not is_online(subscription)
    resume(subscription, "2026-04-21")
    assert is_online(subscription)
    assert notes(subscription.customer) == ["unused 5.00"]


def test_e6_resumed_with_a_bill_past_due_it_stays_off_as_unpaid():
    subscription = make_subscription(plan=make_plan(price=Decimal(30)), starts_on=APRIL)
    run("2026-04-01")
    hold(subscription, "2026-04-11")
    run("2026-04-20")
    resume(subscription, "2026-04-20")
    assert reasons(subscription) == ["unpaid"]
    pay(subscription.customer, "21", "2026-04-20")
    assert is_online(subscription)


def test_l3_what_the_credit_pays_needs_no_cut():
    subscription = make_subscription(plan=make_plan(price=Decimal(30)), starts_on=APRIL)
    run("2026-04-01")
    pay(subscription.customer, "20", "2026-04-01")
    hold(subscription, "2026-04-11")
    resume(subscription, "2026-04-21")
    assert owed(subscription.customer) == []
    assert sweep.disable_due(now=at("2026-04-21"), limit=500).disabled == []


def test_l3_unused_days_are_not_credited_when_the_setting_says_so(settings):
    settings.CREDIT_UNUSED_DAYS = False
    subscription = subscribed()
    hold(subscription, "2026-04-21", "2026-05-11")
    run("2026-05-11")
    assert notes(subscription.customer) == []
    assert lines(subscription)[-1] == "2026-05-11 2026-06-01 20.32"


def test_l1_a_hold_is_taken_back_before_it_begins_with_its_end():
    subscription = subscribed()
    hold(subscription, "2026-04-11", "2026-04-21", on="2026-04-05")
    scheduled_changes.take_back(change=ScheduledChange.objects.get(kind="resume"), now=at("2026-04-06"))
    assert not Hold.objects.exists()
    assert set(ScheduledChange.objects.values_list("status", flat=True)) == {"cancelled"}
    run("2026-05-01")
    assert lines(subscription)[-1] == "2026-05-01 2026-06-01 30.00"


def test_l3_a_hold_that_is_asked_for_twice_is_made_once():
    subscription = subscribed()
    first, again = (hold(subscription, "2026-04-11", "2026-04-21", on="2026-04-05") for _ in range(2))
    assert first == again == Hold.objects.get()


def test_l1_a_hold_that_has_begun_is_resumed_not_taken_back():
    subscription = subscribed()
    hold(subscription, "2026-04-11", "2026-04-21")
    begin, end = ScheduledChange.objects.order_by("due_on")
    with refused("done already"):
        scheduled_changes.take_back(change=begin, now=at("2026-04-12"))
    with refused("The hold has begun. Resume the subscription instead"):
        scheduled_changes.take_back(change=end, now=at("2026-04-12"))


@pytest.mark.parametrize(
    ("first", "end", "message"),
    [
        ("2026-04-10", None, "would start on April 10, 2026. Choose April 11, 2026 or later"),
        ("2026-04-20", "2026-04-20", "would end on April 20, 2026, not after its first day"),
        ("2026-04-20", "2026-04-15", "would end on April 15, 2026, not after its first day"),
        ("2026-05-04", "2026-05-06", "There is a hold from May 1, 2026 to before May 5, 2026 already"),
        ("2026-04-20", None, "There is a hold from May 1, 2026"),
        ("2026-04-30", "2026-05-02", "There is a hold from May 1, 2026"),
    ],
)
def test_l3_a_hold_is_refused(first, end, message):
    subscription = subscribed()
    hold(subscription, "2026-05-01", "2026-05-05", on="2026-04-11")
    with refused(message):
        hold(subscription, first, end, on="2026-04-11")


def test_l3_a_hold_may_touch_another():
    subscription = subscribed()
    hold(subscription, "2026-05-01", "2026-05-05", on="2026-04-11")
    hold(subscription, "2026-04-20", "2026-05-01", on="2026-04-11")
    run("2026-04-20")
    run("2026-05-01")
    assert reasons(subscription) == ["hold"]
    run("2026-05-05")
    assert is_online(subscription)
    assert lines(subscription)[-1] == "2026-05-05 2026-06-01 26.13"  # 27 of 31 days


def test_l3_no_hold_before_the_start_or_on_a_subscription_that_ends():
    pending = make_subscription(starts_on=date(2026, 5, 1), now=at("2026-04-01"))
    with refused("Choose May 1, 2026 or later"):
        hold(pending, "2026-04-20", on="2026-04-11")
    ending = subscribed()
    endings.end(subscription=ending, on=date(2026, 4, 30), now=at("2026-04-11"))
    with refused("ends on April 30, 2026. Take the end back first"):
        hold(ending, "2026-04-20", on="2026-04-11")
    endings.end(subscription=ending, on=date(2026, 4, 11), now=at("2026-04-11"))
    with refused("ends on April 11, 2026"):
        hold(ending, "2026-04-20", on="2026-04-12")


def test_l3_only_a_subscription_on_hold_is_resumed():
    subscription = subscribed()
    with refused("is not on hold"):
        resume(subscription, "2026-04-11")
    hold(subscription, "2026-04-20", on="2026-04-11")
    with refused("is not on hold"):
        resume(subscription, "2026-04-12")


def test_an_archived_customers_subscription_is_not_held():
    subscription = subscribed()
    Customer.objects.filter(pk=subscription.customer_id).update(archived_at=at("2026-04-02"))
    with refused("archived"):
        hold(subscription, "2026-04-11")
