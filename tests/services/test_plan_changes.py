"""Change the plan, now or at the end of the period (rules L2, L1, M3, B1)."""

from datetime import date
from decimal import Decimal

import pytest
from django.utils.translation import override

from billing.models import CreditNote, Plan, ScheduledChange, TaxRate
from billing.services import credit_notes, endings, holds, plan_changes, prepaid
from billing.services.rehearsal import rehearse
from tests.builders import at, make_plan, make_subscription
from tests.diary import balance, credit, is_online, last_bill, lines, notes, owed, pay, reasons, refused, run, snapshot

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

APRIL = date(2026, 4, 1)  # a month of 30 days, so that a plan of 30.00 costs 1.00 a day


def basic(**changes):
    return make_plan(**{"name": "Basic", "price": Decimal(30), **changes})


def fast(**changes):
    return make_plan(**{"name": "Fast", "price": Decimal(60), **changes})


def subscribed(plan=None, starts_on=APRIL, **changes):
    subscription = make_subscription(plan=plan or basic(), starts_on=starts_on, **changes)
    run(str(starts_on))
    return subscription


def change(subscription, plan, day):
    outcome = plan_changes.change_now(subscription=subscription, plan=plan, now=at(day))
    subscription.refresh_from_db()
    return outcome


def change_later(subscription, plan, day):
    return plan_changes.change_at_period_end(subscription=subscription, plan=plan, now=at(day))


def amounts(outcome):
    return [outcome.credit, outcome.charge, outcome.net]


def test_l2_the_unused_days_are_credited_and_the_same_days_of_the_new_plan_charged():
    subscription = subscribed(basic(price=Decimal("249.95")), date(2016, 5, 1))
    outcome = change(subscription, fast(price=Decimal("599.95")), "2016-05-05")
    assert amounts(outcome) == [Decimal("217.70"), Decimal("522.54"), Decimal("304.84")]
    assert balance(subscription.customer) == Decimal("249.95") + Decimal("304.84")
    assert lines(subscription) == ["2016-05-01 2016-05-05 249.95", "2016-05-05 2016-06-01 522.54"]


@pytest.mark.parametrize("language", ["en", "bn", "ar"])
def test_l2_the_reason_of_the_credit_is_the_same_whoever_clicked(language):
    subscription, plan = subscribed(), fast()
    with override(language):
        change(subscription, plan, "2026-04-11")
    note = CreditNote.objects.get(customer=subscription.customer)
    assert note.reason == f"Change of plan to {plan.name} on April 11, 2026"


def test_l2_a_preview_shows_what_the_change_does_and_changes_nothing():
    subscription, plan = subscribed(), fast()
    before = snapshot()
    shown = rehearse(plan_changes.change_now, amounts, subscription=subscription, plan=plan, now=at("2026-04-11"))
    assert snapshot() == before
    assert shown == amounts(change(subscription, plan, "2026-04-11")) == [20, 40, 20]


def test_l2_the_next_periods_are_billed_on_the_old_grid_at_the_new_price():
    subscription = subscribed()
    change(subscription, fast(), "2026-04-11")
    run("2026-05-01")
    assert lines(subscription)[-1] == "2026-05-01 2026-06-01 60.00"


def test_l2_a_cheaper_plan_leaves_credit_that_pays_the_next_bill():
    subscription = subscribed(fast())
    pay(subscription.customer, "60", "2026-04-01")
    assert amounts(change(subscription, basic(), "2026-04-11")) == [40, 20, -20]
    assert credit(subscription.customer) == 20
    run("2026-05-01")
    assert owed(subscription.customer) == [10]


def test_l2_several_changes_on_one_day_never_charge_a_day_twice():
    vat = TaxRate.objects.create(name="VAT 25%", percent=25)
    plans = [make_plan(price=Decimal(price), billing_day=1, tax_rate=vat) for price in (10, 15, 19)]
    subscription = subscribed(plans[0], date(2024, 3, 5))
    assert last_bill(subscription.customer).net == Decimal("8.71")
    first, second = (change(subscription, plan, "2024-03-12") for plan in plans[1:])
    assert (first.bill.net, first.credit) == (Decimal("9.68"), Decimal("8.06"))
    assert (second.bill.net, second.credit) == (Decimal("12.26"), Decimal("12.10"))
    third = change(subscription, plans[0], "2024-03-12")
    assert (third.bill.net, third.credit) == (Decimal("6.45"), second.charge)
    assert lines(subscription) == ["2024-03-05 2024-03-12 8.71", "2024-03-12 2024-04-01 6.45"]


def test_l7_a_change_during_the_trial_charges_nothing_before_its_end():
    subscription = subscribed(basic(trial_days=10))
    assert amounts(change(subscription, fast(), "2026-04-05")) == [0, 0, 0]
    run("2026-04-11")
    assert lines(subscription) == ["2026-04-11 2026-05-11 60.00"]


def test_l7_another_grid_chosen_during_the_trial_begins_when_it_ends_also_when_billed_at_once():
    subscription = subscribed(basic(trial_days=10))
    change(subscription, fast(interval_unit="week", lead_days=30), "2026-04-09")
    assert lines(subscription)[0] == "2026-04-11 2026-04-18 60.00"


def test_b9_a_change_while_disabled_as_unpaid_charges_nothing_until_the_payment():
    subscription = subscribed()
    run("2026-04-16")
    assert reasons(subscription) == ["unpaid"]
    assert amounts(change(subscription, fast(), "2026-04-21")) == [10, 0, -10]
    assert (owed(subscription.customer), is_online(subscription)) == ([20], False)
    pay(subscription.customer, "20", "2026-04-25")
    run("2026-04-25")
    assert is_online(subscription)
    assert lines(subscription) == ["2026-04-01 2026-04-21 30.00", "2026-04-25 2026-05-01 12.00"]


def test_l2_two_periods_paid_ahead_are_credited_and_only_the_running_one_is_charged():
    subscription = make_subscription(plan=basic(), starts_on=APRIL)
    for _ in range(2):
        prepaid.renew(subscription=subscription, method="cash", now=at("2026-04-01"))
    outcome = change(subscription, fast(), "2026-04-11")
    assert amounts(outcome) == [50, 40, -10]
    assert notes(subscription.customer) == ["unused 30.00", "unused 20.00"]
    assert lines(subscription) == ["2026-04-01 2026-04-11 30.00", "2026-04-11 2026-05-01 40.00"]
    run("2026-05-01")
    assert owed(subscription.customer) == [50]


def test_l2_in_arrears_the_used_days_of_the_old_plan_are_billed_at_once_and_the_new_ones_later():
    arrears = Plan.Mode.POSTPAID
    subscription = subscribed(basic(mode=arrears))
    assert amounts(change(subscription, fast(mode=arrears), "2026-04-11")) == [0, 10, 10]
    run("2026-05-01")
    assert lines(subscription) == ["2026-04-01 2026-04-11 10.00", "2026-04-11 2026-05-01 40.00"]


def test_l2_from_arrears_to_prepaid_both_are_on_one_bill():
    subscription = subscribed(basic(mode=Plan.Mode.POSTPAID))
    outcome = change(subscription, fast(), "2026-04-11")
    assert amounts(outcome) == [0, 50, 50]
    assert [line.amount for line in outcome.bill.lines.all()] == [10, 40]


def test_l2_from_prepaid_to_arrears_the_credit_waits_for_the_first_bill():
    subscription = subscribed()
    pay(subscription.customer, "30", "2026-04-01")
    assert amounts(change(subscription, fast(mode=Plan.Mode.POSTPAID), "2026-04-11")) == [20, 0, -20]
    run("2026-05-01")
    assert owed(subscription.customer) == [20]


def test_l2_from_month_to_year_the_year_starts_on_the_day_of_the_change():
    subscription = subscribed(basic(price=Decimal(10)), date(2011, 7, 20))
    yearly = fast(price=Decimal(100), interval_unit="year")
    assert amounts(change(subscription, yearly, "2011-07-31")) == [Decimal("6.45"), 100, Decimal("93.55")]
    assert subscription.anchor == date(2011, 7, 31)
    run("2012-07-31")
    assert lines(subscription)[-1] == "2012-07-31 2013-07-31 100.00"


def test_l2_to_a_fixed_billing_day_the_days_up_to_it_are_charged_first():
    subscription = subscribed()
    assert amounts(change(subscription, fast(billing_day=16), "2026-04-11")) == [20, Decimal("9.68"), Decimal("-10.32")]
    run("2026-04-16")
    assert lines(subscription)[-2:] == ["2026-04-11 2026-04-16 9.68", "2026-04-16 2026-05-16 60.00"]


def test_l2_a_free_plan_is_left_and_chosen_like_any_other():
    subscription = subscribed(basic(price=Decimal(0)))
    assert amounts(change(subscription, fast(), "2026-04-11")) == [0, 40, 40]
    assert amounts(change(subscription, basic(price=Decimal(0)), "2026-04-21")) == [20, 0, -20]
    assert lines(subscription) == [
        "2026-04-01 2026-04-11 0.00",
        "2026-04-11 2026-04-21 40.00",
        "2026-04-21 2026-05-01 0.00",
    ]


def test_m3_a_day_too_cheap_to_credit_still_passes_to_the_new_plan():
    subscription = subscribed(basic(price=Decimal("0.10")))
    outcome = change(subscription, fast(), "2026-04-30")
    assert amounts(outcome) == [Decimal("0.01"), 2, Decimal("1.99")]


def test_l2_days_that_were_credited_in_full_already_are_not_credited_again():
    subscription = subscribed()
    credit_notes.correct(bill=last_bill(subscription.customer), reason="Outage", now=at("2026-04-02"))
    assert amounts(change(subscription, fast(), "2026-04-11")) == [0, 40, 40]


def test_l2_days_of_a_bill_that_was_written_off_are_not_credited_but_pass_to_the_new_plan():
    subscription = subscribed()
    pay(subscription.customer, "5", "2026-04-02")
    credit_notes.write_off(bill=last_bill(subscription.customer), reason="Bad line", now=at("2026-04-03"))
    assert amounts(change(subscription, fast(), "2026-04-11")) == [0, 40, 40]
    assert owed(subscription.customer) == [40]


def test_l2_the_plan_must_be_another_one_that_is_sold_that_day():
    subscription = subscribed()
    offers = (
        (subscription.plan, "on the plan Basic already.*Choose another"),
        (fast(available_from=date(2026, 5, 1)), "sold from May 1, 2026 on"),
        (fast(available_until=date(2026, 4, 10)), "was sold until April 10, 2026"),
    )
    for plan, message in offers:
        with refused(message):
            change(subscription, plan, "2026-04-11")
        with refused(message):
            rehearse(plan_changes.change_now, amounts, subscription=subscription, plan=plan, now=at("2026-04-11"))


def test_l2_the_same_change_again_gives_what_the_first_came_to():
    subscription, plan = subscribed(), fast()
    first = change(subscription, plan, "2026-04-11")
    before = snapshot()
    assert change(subscription, plan, "2026-04-11T15:00") == first
    assert snapshot() == before
    with refused("on the plan Fast already"):
        change(subscription, plan, "2026-04-12")


def test_l2_the_same_change_later_again_gives_the_one_that_waits():
    subscription, plan = subscribed(), fast()
    first = change_later(subscription, plan, "2026-04-11")
    assert change_later(subscription, plan, "2026-04-12") == first
    assert ScheduledChange.objects.count() == 1


def test_l2_one_change_waits_at_a_time():
    subscription, plan = subscribed(), fast()
    change_later(subscription, fast(), "2026-04-11")
    for attempt in (change, change_later):
        with refused("has a change of plan on May 1, 2026. Take it back first"):
            attempt(subscription, plan, "2026-04-12")


def test_l2_no_change_before_the_start_on_hold_or_when_it_ends():
    pending, plan = make_subscription(starts_on=date(2026, 5, 1), now=at("2026-04-01")), fast()
    with refused("starts on May 1, 2026"):
        change(pending, plan, "2026-04-11")
    held, ending = subscribed(), subscribed()
    holds.hold(subscription=held, starts_on=date(2026, 4, 11), now=at("2026-04-11"))
    endings.end(subscription=ending, on=date(2026, 4, 20), now=at("2026-04-11"))
    refusals = {held: "has a hold. Resume it", ending: "ends on April 20, 2026. Take the end back"}
    for subscription, message in refusals.items():
        for attempt in (change, change_later):
            with refused(message):
                attempt(subscription, plan, "2026-04-11")
