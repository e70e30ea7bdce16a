"""The end of a subscription that stays unpaid, and a payment that opens it again (rules E7, E16)."""

from datetime import date

import pytest

from billing.models import AccessEvent, Bill, BillingState, ScheduledChange, Subscription, UnbilledDays
from billing.services import access, change_run, credit_notes, deferrals, endings, reversals, sweep
from tests.builders import at, issue_next, make_plan, make_subscription
from tests.diary import is_online, lines, pay, reasons, run_daily

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]


def cut(**plan):
    """A subscription whose bill of 1 January is due on the 15th, cut on the 16th at 6 o'clock."""
    subscription = make_subscription(plan=make_plan(**{"due_days": 14, "end_after_days": 10, **plan}))
    issue_next(subscription, now=at("2026-01-01"))
    sweep.disable_due(now=at("2026-01-16T06:00"), limit=500)
    assert not is_online(subscription)
    return subscription


def changes_at(instant):
    return change_run.apply_due(now=at(instant))


def ended_on(subscription):
    return Subscription.objects.get(pk=subscription.pk).ended_unpaid_on


def test_e16_it_ends_on_the_day_on_which_it_was_off_for_so_many_days():
    subscription = cut()
    assert changes_at("2026-01-25T23:59").ended == 0
    assert changes_at("2026-01-26").ended == 1
    assert ended_on(subscription) == Subscription.objects.get(pk=subscription.pk).ends_on == date(2026, 1, 26)
    assert set(reasons(subscription)) == {"unpaid", "ended"}
    assert AccessEvent.objects.get(reason="ended").rule == "E16"
    assert changes_at("2026-01-26").ended == 0


def test_t6_after_an_outage_it_ends_when_the_job_runs_again():
    subscription = cut()
    assert changes_at("2026-03-01").ended == 1
    assert ended_on(subscription) == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("plan_days", "installation_days", "ends"), [(None, 0, False), (None, 10, True), (0, 10, False), (10, 0, True)]
)
def test_e16_the_plan_comes_before_the_installation_and_0_is_never(settings, plan_days, installation_days, ends):
    settings.END_AFTER_DAYS = installation_days
    cut(end_after_days=plan_days)
    assert changes_at("2026-01-25").ended == 0
    assert changes_at("2028-01-01").ended == ends


def test_e16_the_days_are_local_ones(settings):
    settings.TIME_ZONE = "America/Sao_Paulo"
    subscription = make_subscription(plan=make_plan(due_days=14, end_after_days=1))
    issue_next(subscription, now=at("2026-01-01T12:00"))
    sweep.disable_due(now=at("2026-01-17T01:00"), limit=500)  # still the 16th there
    assert changes_at("2026-01-17T02:59").ended == 0
    assert changes_at("2026-01-17T03:00").ended == 1


def test_e16_who_pays_in_time_goes_on():
    subscription = cut()
    pay(subscription.customer, "20", "2026-01-25")
    assert changes_at("2026-03-01").ended == 0
    assert is_online(subscription)


def test_e16_who_is_off_for_another_reason_does_not_end():
    subscription = make_subscription(plan=make_plan(end_after_days=1))
    access.disable(subscription=subscription, now=at("2026-01-02"))
    assert changes_at("2027-01-01").ended == 0


def test_e16_billing_stops_also_of_a_plan_that_is_billed_while_unpaid():
    subscription = cut(bills_while_unpaid=True)
    run_daily("2026-01-17", "2026-03-31")
    assert [line.split()[:2] for line in lines(subscription)] == [["2026-01-01", "2026-01-26"]]
    assert Bill.objects.count() == 1


def test_e16_one_that_cannot_end_does_not_stop_the_others(monkeypatch):
    bad, good = cut(), cut()
    apply = endings.apply

    def fails_for_one(change, **how):
        if change.subscription_id == bad.pk:
            raise ValueError("It is broken.")
        apply(change, **how)

    monkeypatch.setattr(endings, "apply", fails_for_one)
    run = changes_at("2026-01-26")
    assert (run.ended, run.not_ended) == (1, {bad.pk: "It is broken."})
    assert run.summary == "0 scheduled changes applied, 1 unpaid subscription ended, 1 failed"
    assert [ended_on(service) is not None for service in (bad, good)] == [False, True]


def test_e7_a_payment_opens_again_what_ended_and_the_days_between_are_never_billed():
    subscription = cut()
    changes_at("2026-01-26")
    pay(subscription.customer, "20", "2026-03-10T09:00")
    assert is_online(subscription)
    assert reasons(subscription) == []
    subscription.refresh_from_db()
    assert (subscription.ends_on, subscription.ended_unpaid_on) == (None, None)
    assert BillingState.objects.get(pk=subscription.pk).billed_until == date(2026, 3, 10)
    assert UnbilledDays.objects.filter(
        subscription=subscription, first_day=date(2026, 1, 26), end_day=date(2026, 3, 10), reason="unpaid"
    ).exists()
    assert list(ScheduledChange.objects.values_list("kind", "status")) == [("end", "cancelled")]
    run_daily("2026-03-10", "2026-04-02")
    assert lines(subscription)[1].startswith("2026-03-10 2026-04-01")


def test_e7_a_part_payment_opens_nothing():
    subscription = cut()
    changes_at("2026-01-26")
    pay(subscription.customer, "5", "2026-02-10")
    assert set(reasons(subscription)) == {"unpaid", "ended"}


def test_e7_when_the_plan_forbids_it_a_payment_is_taken_and_it_stays_ended():
    subscription = cut(reopens_when_paid=False)
    changes_at("2026-01-26")
    pay(subscription.customer, "20", "2026-02-10")
    assert reasons(subscription) == ["ended"]
    assert ended_on(subscription) == date(2026, 1, 26)
    assert BillingState.objects.get(pk=subscription.pk).bill_on is None


def test_e7_who_ended_by_agreement_is_not_opened_again_by_paying():
    subscription = cut(end_after_days=0)
    endings.end(subscription=subscription, on=date(2026, 1, 20), now=at("2026-01-20"))
    pay(subscription.customer, "20", "2026-02-10")
    assert reasons(subscription) == ["ended"]


@pytest.mark.parametrize(("paid_at", "comes_back"), [("2026-02-09", True), ("2026-02-10", False)])
def test_e7_the_end_that_was_agreed_before_still_holds_when_a_payment_opens_it_again(paid_at, comes_back):
    subscription = cut()
    endings.end(subscription=subscription, on=date(2026, 2, 10), now=at("2026-01-20"))
    assert changes_at("2026-01-26").ended == 1
    pay(subscription.customer, "20", paid_at)
    assert is_online(subscription) == comes_back
    changes_at("2026-02-10")
    assert not is_online(subscription)
    assert set(reasons(subscription)) == {"ended"}


def test_e7_a_manual_block_stays_when_a_payment_opens_it_again():
    subscription = cut()
    access.disable(subscription=subscription, now=at("2026-01-20"))
    changes_at("2026-01-26")
    pay(subscription.customer, "20", "2026-02-10")
    assert reasons(subscription) == ["manual"]


def test_m8_a_bounced_payment_after_that_cuts_again_and_it_may_end_again():
    subscription = cut()
    changes_at("2026-01-26")
    payment = pay(subscription.customer, "20", "2026-02-10T09:00")
    reversals.reverse(payment=payment, kind="bounced", reason="No funds", now=at("2026-02-12"))
    assert is_online(subscription)
    sweep.disable_due(now=at("2026-02-12T01:00"), limit=500)
    assert reasons(subscription) == ["unpaid"]
    assert changes_at("2026-02-21").ended == 0
    assert changes_at("2026-02-22").ended == 1


def test_e1_writing_off_the_debt_of_what_has_ended_starts_no_service():
    subscription = cut()
    changes_at("2026-01-26")
    credit_notes.write_off(bill=subscription.lines.get().bill, reason="Moved away", now=at("2026-06-01"))
    assert reasons(subscription) == ["ended"]
    run_daily("2026-06-01", "2026-06-03")
    assert Bill.objects.count() == 1


def test_e1_writing_off_the_debt_of_what_goes_on_brings_it_back():
    subscription = cut()
    credit_notes.write_off(bill=subscription.lines.get().bill, reason="Good will", now=at("2026-01-20"))
    assert is_online(subscription)
    assert AccessEvent.objects.latest("pk").rule == "E1"


def test_e4_a_minimum_that_is_raised_starts_nothing_that_has_ended(settings):
    subscription = cut()
    changes_at("2026-01-26")
    settings.MINIMUM_DEBT = "50"
    sweep.disable_due(now=at("2026-06-01"), limit=500)
    assert reasons(subscription) == ["ended"]
    run_daily("2026-06-01", "2026-06-03")
    assert Bill.objects.count() == 1
    settings.MINIMUM_DEBT = "0"
    sweep.disable_due(now=at("2026-06-04"), limit=500)
    assert reasons(subscription) == ["ended"]


def test_e11_a_promise_opens_again_what_ended_and_it_ends_again_when_it_is_not_kept():
    subscription = cut()
    changes_at("2026-01-26")
    deferrals.promise(customer=subscription.customer, until=date(2026, 2, 5), why="Salary", now=at("2026-02-01"))
    assert is_online(subscription)
    sweep.disable_due(now=at("2026-02-06"), limit=500)
    assert reasons(subscription) == ["unpaid"]
    assert changes_at("2026-02-16").ended == 1
