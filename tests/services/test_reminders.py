"""Reminders are recorded once per bill and stage, and never when nothing is owed (rules E2, E3, E4, T6)."""

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Reminder
from billing.services import bills, credit_notes, deferrals, items, reminders, sweep
from tests.builders import at, issue_next, make_customer, make_plan, make_subscription
from tests.diary import pay

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def stages(settings):
    settings.REMINDER_DAYS = ["-3", "1", "7"]


@pytest.fixture
def subscription():
    """Its bill of 1 January is due on the 15th."""
    reminders.record(now=at("2026-01-01T08:00"))
    made = make_subscription(plan=make_plan(due_days=14))
    issue_next(made, now=at("2026-01-01T09:00"))
    return made


def record(day):
    return reminders.record(now=at(f"2026-01-{day:02}T08:00"))


def recorded():
    return [
        (str(reminder.recorded_at.date()), reminder.days) for reminder in Reminder.objects.order_by("recorded_at", "pk")
    ]


def test_s3_each_stage_comes_on_its_day_once(subscription):
    for day in range(2, 31):
        for _ in range(2):
            record(day)
    assert recorded() == [("2026-01-12", -3), ("2026-01-16", 1), ("2026-01-22", 7)]


@pytest.mark.parametrize(
    ("outage_ends", "expected"),
    [
        (13, [("2026-01-13", -3)]),
        (15, [("2026-01-15", -3), ("2026-01-16", 1)]),
        (18, [("2026-01-18", 1)]),  # of the stages that were passed, the last one
        (25, [("2026-01-25", 7)]),
    ],
)
def test_t6_after_an_outage_the_stage_that_a_bill_has_reached_is_caught_up_once(subscription, outage_ends, expected):
    record(5)
    for day in range(outage_ends, outage_ends + 2):
        record(day)
    assert recorded() == expected


def test_t6_a_clock_that_is_set_back_reminds_nobody_twice(subscription):
    for day in (12, 16, 14, 15, 16, 17, 22):
        record(day)
    assert recorded() == [("2026-01-12", -3), ("2026-01-16", 1), ("2026-01-22", 7)]


@pytest.mark.parametrize("way", ["paid", "credited", "void", "written off"])
def test_e3_who_owes_nothing_is_not_reminded(subscription, way):
    bill = subscription.lines.get().bill
    if way == "paid":
        pay(subscription.customer, "20", "2026-01-11")
    elif way == "credited":
        credit_notes.give(customer=subscription.customer, amount=Decimal(20), reason="Sorry", now=at("2026-01-11"))
    elif way == "void":
        bills.void(bill=bill, reason="Wrong", now=at("2026-01-11"))
    else:
        credit_notes.write_off(bill=bill, reason="Sorry", now=at("2026-01-11"))
    assert [record(day) for day in range(2, 31)] == [0] * 29


def test_e2_who_paid_a_newer_bill_only_is_reminded_of_the_old_one(subscription):
    newer = issue_next(subscription, now=at("2026-01-10"))
    pay(subscription.customer, "20", "2026-01-11", bill=newer)
    record(11)
    assert record(12) == 1


@pytest.mark.parametrize(("paid", "count"), [("15.01", 0), ("15.00", 0), ("14.99", 2)])
def test_e4_a_debt_of_no_more_than_the_minimum_is_not_reminded_of(subscription, settings, paid, count):
    settings.MINIMUM_DEBT, settings.REMINDER_DAYS = "5", ["1", "7"]
    pay(subscription.customer, paid, "2026-01-02")
    assert sum(record(day) for day in range(2, 31)) == count


def test_e4_small_bills_are_reminded_of_when_they_come_to_more_than_the_minimum(subscription, settings):
    settings.MINIMUM_DEBT, settings.REMINDER_DAYS = "25", ["1"]
    other = make_subscription(customer=subscription.customer, starts_on=date(2026, 1, 5), now=at("2026-01-05"))
    second = issue_next(other, now=at("2026-01-05"))
    assert [day for day in range(2, 31) if record(day)] == [20]
    assert Reminder.objects.get().bill == second


def test_e11_nobody_is_reminded_during_a_promise(subscription):
    deferrals.promise(customer=subscription.customer, until=date(2026, 1, 18), why="Salary", now=at("2026-01-11"))
    for day in range(11, 31):
        record(day)
    assert recorded() == [("2026-01-22", 7)]


@pytest.mark.parametrize(("notices", "days"), [(False, []), (True, [-3, 1, 7])])
def test_e11_an_exclusion_stops_reminders_unless_notices_go_on(subscription, notices, days):
    deferrals.exclude(customer=subscription.customer, until=None, why="Landlord", notices=notices, now=at("2026-01-02"))
    for day in range(2, 31):
        record(day)
    assert [day for _, day in recorded()] == days


def test_bills_of_one_off_items_are_reminded_of_too():
    customer = make_customer()
    record(1)
    items.add(customer=customer, description="Router", amount=Decimal(50), now=at("2026-01-01"))
    items.bill_now(customer=customer, now=at("2026-01-01"))
    assert [day for day in range(2, 31) if record(day)] == [12, 16, 22]


def test_the_first_run_and_reminders_that_are_switched_on_later_look_at_their_day_only(subscription, settings):
    settings.REMINDER_DAYS = []
    assert [record(day) for day in range(2, 18)] == [0] * 16
    settings.REMINDER_DAYS = ["1", "7"]
    assert record(18) == 0
    assert record(22) == 1
    Reminder.objects.all().delete()


def test_t5_the_day_of_a_reminder_is_the_local_one(subscription, settings):
    settings.TIME_ZONE = "Asia/Dhaka"
    record(11)
    assert reminders.record(now=at("2026-01-11T17:59")) == 0
    assert reminders.record(now=at("2026-01-11T18:00")) == 1


def test_reminders_change_neither_access_nor_money(subscription):
    record(12)
    assert sweep.disable_due(now=at("2026-01-15T23:59"), limit=10).disabled == []
    assert subscription.lines.get().bill.outstanding == 20
