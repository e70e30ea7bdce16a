"""Why a subscription has access or not at an instant, in words (rule E12)."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from billing.models import AccessEvent, SweepRun
from billing.rules.errors import Refused
from billing.services import access, deferrals, endings, holds, payments, sweep
from tests.builders import (
    access_of,
    at,
    issue_next,
    make_customer,
    make_overdue_subscription,
    make_plan,
    make_subscription,
)
from tests.diary import pay, run

pytestmark = pytest.mark.django_db

NOW = at("2026-01-10T10:00")


@pytest.fixture
def subscription():
    """Its bill of 1 January is due on the 15th."""
    made = make_subscription(plan=make_plan(due_days=14))
    issue_next(made, now=at("2026-01-01T08:00"))
    return made


def told(subscription, instant, now=None):
    found = access.explain(subscription, at(instant), now=now)
    return found.has_access, " ".join(found.sentences)


def test_e12_on_without_a_bill():
    subscription = make_subscription()
    has_access, text = told(subscription, "2026-01-05")
    assert has_access
    assert text == "It has access: no bill that could cut it is unpaid, and nothing else speaks against it."


def test_e12_on_while_the_bill_may_still_be_paid_and_what_comes_next(subscription):
    found = access.explain(subscription, NOW)
    assert found.has_access
    assert " ".join(found.sentences) == (
        "It has access: its unpaid bills do not cut it yet. "
        "Bill B000001 of Jan. 1, 2026 is to be paid by Jan. 15, 2026: $20.00 left to pay."
    )
    assert found.next.what == "Last day to pay bill B000001."
    assert found.steps[-1] == (at("2026-01-16"), "The next expiry check disables it, unless it is paid.", "unpaid", "")


def test_e12_in_the_future_the_cut_is_foretold_with_its_bill(subscription):
    assert told(subscription, "2026-01-15T23:59:59", NOW)[0]
    has_access, text = told(subscription, "2026-01-16", NOW)
    assert not has_access
    assert text == (
        "Bill B000001 of Jan. 1, 2026 was due on Jan. 15, 2026: $20.00 left to pay. "
        "The first expiry check from Jan. 16, 2026, midnight on disables it, unless it is paid (rule E1)."
    )


def test_e12_who_is_due_and_not_swept_yet_has_access_and_it_says_what_comes(subscription):
    has_access, text = told(subscription, "2026-01-16T00:30")
    assert has_access == access_of(subscription).is_on is True
    assert "The first expiry check from Jan. 16, 2026, midnight on disables it" in text


def test_e12_in_the_present_a_cut_names_bill_due_date_and_run(subscription):
    sweep.disable_due(now=at("2026-01-16T01:00"), limit=500)
    has_access, text = told(subscription, "2026-01-20")
    assert not has_access
    assert text == (
        f"It was cut on Jan. 16, 2026, 1 a.m. by {SweepRun.objects.get()} because bill B000001 of Jan. 1, 2026 "
        "was due on Jan. 15, 2026 (rule E1). "
        "Bill B000001 of Jan. 1, 2026 is unpaid since Jan. 15, 2026: $20.00 left to pay. "
        "A payment restores the access."
    )


def test_e12_in_the_past_it_tells_how_it_was_then(subscription):
    sweep.disable_due(now=at("2026-01-16T01:00"), limit=500)
    pay(subscription.customer, "20", "2026-01-18T09:00")
    assert told(subscription, "2026-01-16T00:59:59")[1].startswith("It had access on Jan. 16, 2026, 12:59 a.m.")
    for instant in ("2026-01-16T01:00", "2026-01-18T08:59:59"):
        has_access, text = told(subscription, instant)
        assert not has_access
        assert "It was cut on Jan. 16, 2026, 1 a.m. by run" in text
        assert "It was paid or deferred on Jan. 18, 2026, 9 a.m." in text
    assert told(subscription, "2026-01-18T09:00")[0]
    steps = access.explain(subscription, at("2026-01-16")).steps
    assert [(step.at, step.what.split(":")[0]) for step in steps] == [
        (at("2026-01-16T01:00"), "Blocked"),
        (at("2026-01-18T09:00"), "Unblocked"),
    ]


def test_e12_a_bill_that_was_issued_later_is_no_reason_before():
    subscription = make_subscription(starts_on=date(2026, 1, 1))
    issue_next(subscription, now=at("2026-02-01"))
    found = access.explain(subscription, at("2026-01-20"), now=at("2026-02-02"))
    assert (found.has_access, found.bills) == (True, [])
    assert "no bill that could cut it is unpaid" in found.sentences[0]


def test_e12_at_every_instant_of_a_history_it_agrees_with_what_was():
    subscription = make_subscription(plan=make_plan(due_days=3))
    seen = []
    for day in range(60):
        now = at("2026-01-01T06:00") + timedelta(days=day)
        run(now.strftime("%Y-%m-%dT%H:%M"))
        if day == 20:
            pay(subscription.customer, "20", "2026-01-21T07:00")
        if day in (30, 33):
            (access.disable if day == 30 else access.restore)(subscription=subscription, now=now)
        seen.append((now + timedelta(hours=2), access_of(subscription).is_on))
    assert len({is_on for _, is_on in seen}) == 2
    assert AccessEvent.objects.count() >= 4
    for instant, is_on in seen:
        assert access.explain(subscription, instant, now=seen[-1][0]).has_access is is_on, instant


def test_e12_a_small_debt_says_that_it_cuts_nobody(subscription, settings):
    settings.MINIMUM_DEBT = "5"
    pay(subscription.customer, "17", "2026-01-02")
    has_access, text = told(subscription, "2026-01-20")
    assert has_access
    assert "the overdue debt is not above $5.00, which cuts nobody (rule E4)" in text
    assert "was due on Jan. 15, 2026: $3.00 left to pay" in text


def test_e12_a_promise_and_an_exclusion_are_told_with_their_reason_while_they_run(subscription):
    now = at("2026-01-16T08:00")
    deferrals.promise(customer=subscription.customer, until=date(2026, 1, 20), why="Salary", now=now)
    has_access, text = told(subscription, "2026-01-17")
    assert has_access
    assert text.endswith("Promise: not cut until Jan. 20, 2026, because: Salary (rule E11).")
    assert not told(subscription, "2026-01-21", now)[0]
    deferrals.exclude(customer=subscription.customer, until=None, why="Landlord", now=now)
    has_access, text = told(subscription, "2031-01-01", now)
    assert has_access
    assert text.endswith("Exclusion: not cut at any time, because: Landlord (rule E11).")
    assert "Exclusion" not in told(subscription, "2026-01-15")[1]


def test_e12_the_calendar_moves_the_foretold_cut(subscription, settings):
    settings.WEEKDAYS_WITHOUT_CUTS, settings.CUT_OFF_TIME = ["fri", "sat", "sun"], "09:00"  # the 16th is a Friday
    assert access.explain(subscription, NOW).steps[-1].at == at("2026-01-19T09:00")
    assert told(subscription, "2026-01-19T08:59", NOW)[0]
    assert not told(subscription, "2026-01-19T09:00", NOW)[0]


def test_e12_the_reminders_and_the_end_stand_in_the_ladder(subscription, settings):
    settings.REMINDER_DAYS, settings.END_AFTER_DAYS = ["-3", "1"], 10
    steps = [(step.at.date().isoformat(), step.what) for step in access.explain(subscription, NOW).steps]
    assert steps == [
        ("2026-01-01", "Bill B000001 over $20.00 is issued."),
        ("2026-01-12", "Reminder of bill B000001, 3 days before the due date."),
        ("2026-01-15", "Last day to pay bill B000001."),
        ("2026-01-16", "Reminder of bill B000001, 1 day after the due date."),
        ("2026-01-16", "The next expiry check disables it, unless it is paid."),
        ("2026-01-26", "It ends: it has been disabled as unpaid for 10 days then."),
    ]
    has_access, text = told(subscription, "2026-01-26", NOW)
    assert not has_access
    assert "It ends: it has been disabled as unpaid for 10 days then." in text


def test_e12_what_is_agreed_is_foretold(subscription):
    pay(subscription.customer, "20", "2026-01-02")
    holds.hold(subscription=subscription, starts_on=date(2026, 2, 1), ends_on=date(2026, 2, 11), now=NOW)
    assert [told(subscription, day, NOW)[0] for day in ("2026-01-31", "2026-02-01", "2026-02-10", "2026-02-11")] == [
        True,
        False,
        False,
        True,
    ]
    assert "Agreed: Hold." in told(subscription, "2026-02-05", NOW)[1]


def test_e12_an_agreed_end_that_has_not_happened_yet_is_not_told_as_done(subscription):
    pay(subscription.customer, "20", "2026-01-02")
    endings.end(subscription=subscription, on=date(2026, 1, 20), now=NOW)
    late = at("2026-01-20T00:30")  # before the job runs
    assert access.explain(subscription, late).has_access == access_of(subscription).is_on is True
    assert not access.explain(subscription, late, now=NOW).has_access


@pytest.mark.parametrize(
    ("do", "text"),
    [
        (
            lambda one: access.disable(subscription=one, now=NOW, reason="abuse", note="spam"),
            "Disabled as “Abuse” since",
        ),
        (lambda one: holds.hold(subscription=one, starts_on=NOW.date(), now=NOW), "until it is resumed"),
        (lambda one: endings.end(subscription=one, on=NOW.date(), now=NOW), "It ended on Jan. 10, 2026."),
    ],
)
def test_e12_every_other_reason_has_words_of_its_own(subscription, do, text):
    payments.receive(customer=subscription.customer, amount=Decimal(20), method="cash", now=at("2026-01-02"))
    do(subscription)
    found = access.explain(subscription, NOW)
    assert not found.has_access
    assert text in " ".join(found.sentences)


def test_e12_a_subscription_to_come_says_when():
    subscription = make_subscription(starts_on=date(2026, 3, 1), now=at("2026-01-05"))
    has_access, text = told(subscription, "2026-01-10")
    assert not has_access
    assert "It starts on March 1, 2026: access comes by itself on that day." in text
    assert told(subscription, "2026-03-01", NOW)[0]


def test_e12_before_it_was_opened_there_is_nothing_to_explain(subscription):
    with pytest.raises(Refused, match=r"was opened on Jan\. 1, 2026, midnight\. Ask for a later instant\."):
        access.explain(subscription, at("2025-12-31T23:59:59"))


def explained(capsys, *arguments):
    call_command("explain_access", *arguments)
    return capsys.readouterr().out


def test_e12_the_command_prints_reasons_and_dates(capsys):
    subscription = make_overdue_subscription(login="anna", customer=make_customer(name="Anna"))
    assert "anna of customer C000001 Anna has access on" in explained(capsys, "anna")
    sweep.disable_due(now=timezone.now(), limit=500)
    shown = explained(capsys, " anna ")
    assert "has no access on" in shown
    assert "It was cut on" in shown
    assert "  was " in shown
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    assert "has no access on" in explained(capsys, "anna", f"--at={tomorrow}")
    assert subscription.access_events.count() == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody"], "There is no subscription with the login nobody. Check it in the admin."),
        (["anna", "--at=2001-01-01"], "was opened on"),
        (["anna", "--at=soon"], "'soon' is not an instant; write it like 2026-03-31T18:00"),
        (["anna", "--at=9999-12-31T23:59:59"], "is not an instant"),
        (["anna", "--at=0001-01-01"], "is not an instant"),
        (["anna", "--at=2026-02-30"], "'2026-02-30' is not an instant"),
    ],
)
def test_e12_the_command_refuses_bad_input_in_words(arguments, message):
    make_subscription(login="anna")
    with pytest.raises(CommandError, match=message):
        call_command("explain_access", *arguments)
