"""The end of a subscription: no day beyond it is charged (rule L6)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Hold, Plan, ScheduledChange
from billing.services import credit_notes, endings, holds, plan_changes, prepaid, reversals, scheduled_changes
from tests.builders import at, make_plan, make_subscription
from tests.diary import balance, credit, is_online, last_bill, lines, notes, owed, pay, reasons, refused, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

APRIL = date(2026, 4, 1)  # a month of 30 days, so that a plan of 30.00 costs 1.00 a day


def subscribed(**changes):
    subscription = make_subscription(plan=make_plan(**{"price": Decimal(30), **changes}), starts_on=APRIL)
    run("2026-04-01")
    return subscription


def end(subscription, on, today=None):
    return endings.end(subscription=subscription, on=date.fromisoformat(on), now=at(today or on))


def test_l6_unused_paid_days_are_credited_and_can_be_paid_out():
    subscription = subscribed()
    pay(subscription.customer, "30", "2026-04-01")
    end(subscription, "2026-04-11")
    assert reasons(subscription) == ["ended"]
    assert notes(subscription.customer) == ["unused 20.00"]
    reversals.refund(
        source=subscription.customer.creditnotes.get(), reason="Moved away", method="bank", now=at("2026-04-12")
    )
    assert (balance(subscription.customer), credit(subscription.customer)) == (0, 0)
    run("2026-06-01")
    assert lines(subscription) == ["2026-04-01 2026-04-11 30.00"]


def test_l6_on_the_first_day_nothing_is_charged():
    subscription = subscribed(price=Decimal("29.99"))
    end(subscription, "2026-04-01")
    assert (balance(subscription.customer), lines(subscription)) == (0, [])
    assert not is_online(subscription)


def test_l6_a_subscription_may_end_before_it_started():
    subscription = make_subscription(starts_on=date(2026, 5, 1), now=at("2026-04-01"))
    end(subscription, "2026-05-01", "2026-04-11")
    run("2026-05-01")
    assert (lines(subscription), reasons(subscription)) == ([], ["pending", "ended"])
    run("2026-05-02")
    assert not is_online(subscription)


def test_l6_an_unpaid_bill_is_owed_for_the_used_days_only():
    subscription = subscribed()
    end(subscription, "2026-04-11")
    assert owed(subscription.customer) == [10]
    run("2026-04-16")
    assert reasons(subscription) == ["ended"]
    pay(subscription.customer, "10", "2026-04-20")
    assert (owed(subscription.customer), is_online(subscription)) == ([], False)


def test_l6_in_arrears_the_used_days_are_billed_at_the_end():
    subscription = subscribed(mode=Plan.Mode.POSTPAID)
    end(subscription, "2026-04-11")
    assert owed(subscription.customer) == [10]
    run("2026-06-01")
    assert lines(subscription) == ["2026-04-01 2026-04-11 10.00"]


def test_l6_a_later_end_stops_the_bills_there():
    subscription = subscribed()
    pay(subscription.customer, "30", "2026-04-01")
    end(subscription, "2026-05-16", "2026-04-20")
    run("2026-05-01")
    assert lines(subscription)[-1] == "2026-05-01 2026-05-16 14.52"  # 15 of 31 days
    assert is_online(subscription)
    pay(subscription.customer, "14.52", "2026-05-02")
    run("2026-05-16")
    assert (reasons(subscription), notes(subscription.customer)) == (["ended"], [])


def test_l1_a_later_end_is_taken_back_and_the_rest_of_the_period_billed():
    subscription = subscribed()
    pay(subscription.customer, "60", "2026-04-01")
    later = end(subscription, "2026-05-16", "2026-04-20")
    run("2026-05-01")
    scheduled_changes.take_back(change=later, now=at("2026-05-10"))
    run("2026-05-16")
    assert is_online(subscription)
    assert lines(subscription)[1:] == ["2026-05-01 2026-05-16 14.52", "2026-05-16 2026-06-01 15.48"]


def test_l6_another_day_replaces_the_end_that_was_scheduled():
    subscription = subscribed()
    pay(subscription.customer, "30", "2026-04-01")
    for day in ("2026-05-16", "2026-04-26"):
        end(subscription, day, "2026-04-20")
    assert [str(change) for change in ScheduledChange.objects.filter(status="pending")] == ["End on 2026-04-26"]
    run("2026-04-26")
    assert notes(subscription.customer) == ["unused 5.00"]
    with refused("ended on April 26, 2026"):
        end(subscription, "2026-04-28")


def test_l6_periods_paid_ahead_are_credited():
    subscription = make_subscription(plan=make_plan(price=Decimal(30)), starts_on=APRIL)
    for _ in range(3):
        prepaid.renew(subscription=subscription, method="cash", now=at("2026-04-01"))
    end(subscription, "2026-05-17")
    run("2026-05-17")
    assert notes(subscription.customer) == ["unused 30.00", "unused 14.52"]  # June, and 15 of 31 days of May


def test_l6_the_end_settles_a_hold_and_drops_what_was_scheduled():
    subscription = subscribed()
    pay(subscription.customer, "30", "2026-04-01")
    holds.hold(subscription=subscription, starts_on=date(2026, 4, 11), now=at("2026-04-11"))
    end(subscription, "2026-04-21")
    assert notes(subscription.customer) == ["unused 10.00", "unused 10.00"]
    assert str(Hold.objects.get()) == "2026-04-11 to 2026-04-21"
    assert reasons(subscription) == ["ended"]


def test_l6_on_the_first_day_of_a_hold_the_hold_never_was():
    subscription = subscribed()
    holds.hold(subscription=subscription, starts_on=date(2026, 4, 11), ends_on=date(2026, 4, 20), now=at("2026-04-11"))
    end(subscription, "2026-04-11")
    assert not Hold.objects.exists()
    assert (notes(subscription.customer), reasons(subscription)) == (["unused 20.00"], ["ended"])


def test_l6_a_hold_and_a_change_that_come_later_are_dropped():
    subscription = subscribed()
    plan_changes.change_at_period_end(subscription=subscription, plan=make_plan(), now=at("2026-04-05"))
    holds.hold(subscription=subscription, starts_on=date(2026, 4, 20), ends_on=date(2026, 4, 25), now=at("2026-04-05"))
    end(subscription, "2026-04-11")
    assert not Hold.objects.exists()
    assert not ScheduledChange.objects.filter(status="pending").exists()
    run("2026-05-01")
    assert reasons(subscription) == ["ended"]


def test_l6_while_disabled_as_unpaid_nothing_is_billed_after_the_end():
    subscription = subscribed()
    run("2026-04-16")
    end(subscription, "2026-05-11")
    assert owed(subscription.customer) == [30]
    pay(subscription.customer, "30", "2026-06-20")
    assert (reasons(subscription), lines(subscription)) == (["ended"], ["2026-04-01 2026-05-01 30.00"])


def test_l6_a_bill_that_was_written_off_is_not_credited():
    subscription = subscribed()
    credit_notes.write_off(bill=last_bill(subscription.customer), reason="Gone", now=at("2026-04-05"))
    end(subscription, "2026-04-11")
    assert notes(subscription.customer) == ["write-off 30.00"]
    assert balance(subscription.customer) == 0


def test_l6_unused_days_are_not_credited_when_the_setting_says_so(settings):
    settings.CREDIT_UNUSED_DAYS = False
    subscription = subscribed()
    end(subscription, "2026-04-11")
    assert (notes(subscription.customer), owed(subscription.customer)) == ([], [30])


def test_l6_after_an_outage_it_ends_as_of_its_day():
    subscription = subscribed()
    pay(subscription.customer, "60", "2026-04-01")
    end(subscription, "2026-04-21", "2026-04-05")
    run("2026-05-10")
    assert notes(subscription.customer) == ["unused 10.00"]
    assert lines(subscription) == ["2026-04-01 2026-04-21 30.00"]


@pytest.mark.parametrize(
    ("on", "today", "message"),
    [
        ("2026-03-31", "2026-04-11", "before it starts on April 1, 2026. Choose April 1, 2026 or later"),
        ("2026-04-10", "2026-04-11", "that day is over. Choose today or later"),
    ],
)
def test_l6_it_cannot_end(on, today, message):
    subscription = subscribed()
    with refused(message):
        end(subscription, on, today)


def test_l6_what_ended_stays_so():
    subscription = subscribed()
    change = end(subscription, "2026-04-11")
    with refused("ended on April 11, 2026"):
        end(subscription, "2026-04-20", "2026-04-12")
    with refused("done already"):
        scheduled_changes.take_back(change=change, now=at("2026-04-12"))
    for attempt in (
        lambda: prepaid.renew(subscription=subscription, method="cash", now=at("2026-04-12")),
        lambda: holds.resume(subscription=subscription, now=at("2026-04-12")),
    ):
        with refused("no period left|is not on hold"):
            attempt()
