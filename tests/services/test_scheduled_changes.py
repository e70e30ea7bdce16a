"""Changes that happen later: they can be taken back before (rule L1)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import AccessEvent, Plan, ScheduledChange
from billing.services import change_run, endings, holds, plan_changes, scheduled_changes, subscriptions
from tests.builders import at, make_customer, make_plan, make_subscription
from tests.diary import credit, is_online, lines, notes, owed, pay, reasons, refused, run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]

APRIL = date(2026, 4, 1)


def basic(**changes):
    return make_plan(**{"name": "Basic", "price": Decimal(30), **changes})


def fast(**changes):
    return make_plan(**{"name": "Fast", "price": Decimal(60), **changes})


def subscribed(plan=None):
    subscription = make_subscription(plan=plan or basic(), starts_on=APRIL)
    run(str(APRIL))
    return subscription


def change_later(subscription, plan, day):
    return plan_changes.change_at_period_end(subscription=subscription, plan=plan, now=at(day))


def test_l1_at_the_periods_end_nothing_changes_before():
    subscription, plan = subscribed(), fast()
    pay(subscription.customer, "30", "2026-04-01")
    assert change_later(subscription, plan, "2026-04-11").due_on == date(2026, 5, 1)
    run("2026-04-30")
    subscription.refresh_from_db()
    assert subscription.plan != plan
    run("2026-05-01")
    subscription.refresh_from_db()
    assert subscription.plan == plan
    assert lines(subscription)[-1] == "2026-05-01 2026-06-01 60.00"
    assert notes(subscription.customer) == []


def test_l1_with_lead_days_the_run_bills_the_new_plan_before_the_change():
    subscription = subscribed(basic(lead_days=7))
    change_later(subscription, fast(lead_days=7), "2026-04-11")
    run("2026-04-24")
    assert lines(subscription)[-1] == "2026-05-01 2026-06-01 60.00"
    run("2026-05-01")
    assert notes(subscription.customer) == []
    assert len(lines(subscription)) == 2


def test_l1_in_arrears_the_old_period_is_billed_at_its_end_and_the_new_one_at_its_own():
    arrears = Plan.Mode.POSTPAID
    subscription = subscribed(basic(mode=arrears))
    assert change_later(subscription, fast(mode=arrears), "2026-04-11").due_on == date(2026, 5, 1)
    run("2026-05-01")
    run("2026-06-01")
    assert lines(subscription) == ["2026-04-01 2026-05-01 30.00", "2026-05-01 2026-06-01 60.00"]


def test_l1_taken_back_the_old_plan_goes_on():
    subscription = subscribed()
    scheduled_changes.take_back(change=change_later(subscription, fast(), "2026-04-11"), now=at("2026-04-12"))
    run("2026-05-01")
    assert lines(subscription)[-1] == "2026-05-01 2026-06-01 30.00"


def test_l1_taken_back_after_the_new_plan_was_billed_the_old_one_is_billed_instead():
    subscription = subscribed(basic(lead_days=7))
    later = change_later(subscription, fast(lead_days=7), "2026-04-11")
    run("2026-04-24")
    pay(subscription.customer, "90", "2026-04-25")
    scheduled_changes.take_back(change=later, now=at("2026-04-26"))
    assert notes(subscription.customer) == ["unused 60.00"]
    assert lines(subscription) == ["2026-04-01 2026-05-01 30.00", "2026-05-01 2026-06-01 30.00"]
    assert (owed(subscription.customer), credit(subscription.customer)) == ([], 30)


def test_l1_a_change_that_happened_or_was_taken_back_is_not_taken_back():
    subscription = subscribed()
    later = change_later(subscription, fast(), "2026-04-11")
    run("2026-05-01")
    with refused("done already"):
        scheduled_changes.take_back(change=later, now=at("2026-05-02"))
    other = change_later(subscription, basic(), "2026-05-02")
    scheduled_changes.take_back(change=other, now=at("2026-05-02"))
    with refused("taken back already"):
        scheduled_changes.take_back(change=other, now=at("2026-05-02"))


def test_l2_at_the_periods_end_the_plan_must_be_sold_then():
    subscription = subscribed()
    too_late = fast(available_until=date(2026, 4, 30))
    with refused("was sold until April 30, 2026"):
        change_later(subscription, too_late, "2026-04-11")
    change_later(subscription, fast(available_from=date(2026, 5, 1)), "2026-04-11")


def test_l1_a_plan_chosen_before_the_start_is_the_one_it_starts_with():
    pending, plan = make_subscription(plan=basic(), starts_on=date(2026, 5, 1), now=at("2026-04-01")), fast()
    assert change_later(pending, plan, "2026-04-11").due_on == date(2026, 5, 1)
    run("2026-05-01")
    assert lines(pending) == ["2026-05-01 2026-06-01 60.00"]
    assert is_online(pending)


def test_l1_a_subscription_that_starts_later_has_access_from_its_first_day():
    pending = make_subscription(plan=basic(), starts_on=date(2026, 5, 1), now=at("2026-04-01"))
    run("2026-04-30")
    assert (reasons(pending), lines(pending)) == (["pending"], [])
    run("2026-05-01")
    assert is_online(pending)
    assert [event.rule for event in AccessEvent.objects.order_by("pk")] == ["L1", "L1"]


def test_l1_a_start_is_not_taken_back():
    make_subscription(plan=basic(), starts_on=date(2026, 5, 1), now=at("2026-04-01"))
    change = ScheduledChange.objects.get()
    with refused("A start cannot be taken back. End the subscription instead"):
        scheduled_changes.take_back(change=change, now=at("2026-04-02"))


def test_l1_an_end_that_was_agreed_at_the_start_comes_and_can_be_taken_back():
    both = [make_subscription(plan=basic(), starts_on=APRIL, ends_on=date(2026, 4, 16)) for _ in range(2)]
    run("2026-04-01")
    assert lines(both[0]) == ["2026-04-01 2026-04-16 15.00"]
    scheduled_changes.take_back(change=both[1].scheduled_changes.get(), now=at("2026-04-10"))
    run("2026-04-15")
    pay(both[1].customer, "30", "2026-04-15")
    run("2026-04-16")
    assert (is_online(both[0]), is_online(both[1])) == (False, True)
    assert lines(both[1])[-1] == "2026-04-16 2026-05-01 15.00"


def test_l1_what_falls_on_one_day_happens_in_the_order_in_which_it_was_asked():
    subscription = subscribed()
    pay(subscription.customer, "30", "2026-04-01")
    change_later(subscription, fast(), "2026-04-05")
    holds.hold(subscription=subscription, starts_on=date(2026, 5, 1), ends_on=date(2026, 5, 11), now=at("2026-04-06"))
    run("2026-05-01")
    assert (lines(subscription), reasons(subscription)) == (["2026-04-01 2026-05-01 30.00"], ["hold"])
    run("2026-05-11")
    assert lines(subscription)[-1] == "2026-05-11 2026-06-01 40.65"  # 21 of 31 days of the new plan


def test_l1_a_change_of_plan_waits_through_a_hold_that_began_before():
    subscription = subscribed()
    pay(subscription.customer, "30", "2026-04-01")
    change_later(subscription, fast(), "2026-04-05")
    holds.hold(subscription=subscription, starts_on=date(2026, 4, 21), ends_on=date(2026, 5, 11), now=at("2026-04-21"))
    for day in ("2026-05-01", "2026-05-11"):
        run(day)
    assert notes(subscription.customer) == ["unused 10.00"]
    assert lines(subscription)[-1] == "2026-05-11 2026-06-01 40.65"


def test_t6_after_an_outage_changes_happen_in_the_order_of_their_days():
    subscription = subscribed()
    pay(subscription.customer, "200", "2026-04-01")
    change_later(subscription, fast(), "2026-04-05")
    endings.end(subscription=subscription, on=date(2026, 5, 21), now=at("2026-04-06"))
    run("2026-06-10")
    assert lines(subscription) == ["2026-04-01 2026-05-01 30.00", "2026-05-01 2026-05-21 38.71"]  # 20 of 31 days
    assert credit(subscription.customer) == Decimal("131.29")


def test_b7_one_change_that_fails_does_not_stop_the_others(monkeypatch):
    bad, good = (
        make_subscription(plan=basic(), customer=make_customer(name=name), starts_on=APRIL) for name in ("Bad", "Good")
    )
    for subscription in (bad, good):
        endings.end(subscription=subscription, on=date(2026, 4, 11), now=at("2026-04-05"))
    apply = endings.apply

    def fails(change, **how):
        if change.subscription_id == bad.pk:
            raise RuntimeError("power cut")
        apply(change, **how)

    monkeypatch.setitem(change_run._HANDLERS, "end", fails)
    outcome = change_run.apply_due(now=at("2026-04-11"))
    assert (outcome.applied, list(outcome.failed.values())) == (1, ["power cut"])
    assert (reasons(good), reasons(bad)) == (["ended"], [])
    assert ScheduledChange.objects.get(subscription=bad).error == "power cut"


@pytest.mark.parametrize(
    ("starts_on", "ends_on", "message"),
    [
        ("2026-04-10", "2026-04-10", "The end, April 10, 2026, must come after the start"),
        ("2026-04-10", "2026-04-01", "must come after the start"),
        ("2026-03-31", None, "is sold from April 1, 2026 on"),
        ("2026-05-01", None, "was sold until April 30, 2026"),
    ],
)
def test_l1_a_subscription_is_refused(starts_on, ends_on, message):
    plan, customer = basic(available_from=APRIL, available_until=date(2026, 4, 30)), make_customer()
    end = date.fromisoformat(ends_on) if ends_on else None
    with refused(message):
        subscriptions.open_subscription(
            customer=customer,
            plan=plan,
            login="somebody",
            starts_on=date.fromisoformat(starts_on),
            ends_on=end,
            now=at("2026-03-20"),
        )


def test_l1_a_change_that_failed_can_be_tried_again_or_taken_back(monkeypatch):
    first, second = (make_subscription(starts_on=date(2026, 4, 1)) for _ in range(2))
    for subscription in (first, second):
        endings.end(subscription=subscription, on=date(2026, 4, 11), now=at("2026-04-05"))
    with monkeypatch.context() as power_cut:
        power_cut.setitem(change_run._HANDLERS, "end", lambda change, now: 1 / 0)
        assert len(change_run.apply_due(now=at("2026-04-11")).failed) == 2
    again, never = ScheduledChange.objects.order_by("pk")
    scheduled_changes.try_again(change=again)
    scheduled_changes.take_back(change=never, now=at("2026-04-11"))
    assert change_run.apply_due(now=at("2026-04-11")).applied == 1
    assert [is_online(first), is_online(second)] == [False, True]
    second.refresh_from_db()
    assert second.ends_on is None
    with refused("did not fail"):
        scheduled_changes.try_again(change=again)
