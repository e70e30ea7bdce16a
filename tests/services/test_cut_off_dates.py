"""When an unpaid bill cuts: dates at the edges, in zones where clocks change (rules E1, E2, E5, E10, B3, T5, T6)."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from billing.models import Block, Holiday, SweepRun
from billing.services import bills, credit_notes, items, payments, sweep
from tests.builders import access_of, at, issue_due, issue_next, make_customer, make_plan, make_subscription
from tests.diary import is_online, pay

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]


def local(text, zone):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def sweep_at(now):
    return sweep.disable_due(now=now, limit=500)


def billed(issued_at, *, customer=None, **plan):
    """A subscription whose first bill is issued at an instant."""
    plan = make_plan(**{"due_days": 14, **plan})
    today = issued_at.date()
    subscription = make_subscription(plan=plan, starts_on=today, now=issued_at, customer=customer)
    issue_next(subscription, now=issued_at)
    return subscription


@pytest.mark.parametrize(
    ("zone", "issued", "last_second", "first_instant"),
    [
        ("UTC", "2026-03-01T12:00", "2026-03-15T23:59:59", "2026-03-16T00:00"),
        ("Asia/Dhaka", "2026-03-01T12:00", "2026-03-15T23:59:59", "2026-03-16T00:00"),
        ("Europe/Rome", "2026-03-15T12:00", "2026-03-29T23:59:59", "2026-03-30T00:00"),  # 23 hours long
        ("Europe/Rome", "2026-10-11T12:00", "2026-10-25T23:59:59", "2026-10-26T00:00"),  # 25 hours long
        ("Africa/Cairo", "2026-04-09T12:00", "2026-04-23T23:59:59", "2026-04-24T01:00"),  # no midnight
        ("America/Sao_Paulo", "2018-10-20T12:00", "2018-11-03T23:59:59", "2018-11-04T01:00"),  # no midnight
        ("Europe/Rome", "2027-02-14T12:00", "2027-02-28T23:59:59", "2027-03-01T00:00"),
        ("Europe/Rome", "2028-02-14T12:00", "2028-02-28T23:59:59", "2028-02-29T00:00"),  # a leap year
        ("Europe/Rome", "2028-02-15T12:00", "2028-02-29T23:59:59", "2028-03-01T00:00"),
        ("Pacific/Apia", "2026-12-17T12:00", "2026-12-31T23:59:59", "2027-01-01T00:00"),
    ],
)
def test_b3_t5_on_through_the_last_second_of_the_due_day_and_off_right_after(
    settings, zone, issued, last_second, first_instant
):
    settings.TIME_ZONE = zone
    subscription = billed(local(issued, zone))
    last, first = local(last_second, zone), local(first_instant, zone)
    assert first - last == timedelta(seconds=1)
    sweep_at(first - timedelta(microseconds=1))
    assert is_online(subscription)
    sweep_at(first)
    assert not is_online(subscription)


@pytest.mark.parametrize(
    ("customer", "plan", "installation", "first_day_off"),
    [
        ({}, {"due_days": 14}, {}, "2026-03-16"),
        ({}, {"due_days": 14, "grace_days": 3}, {}, "2026-03-19"),
        ({}, {"due_days": None}, {"DUE_DAYS": 7, "GRACE_DAYS": 2}, "2026-03-11"),
        ({"due_days": 30}, {"due_days": 14, "grace_days": 3}, {}, "2026-04-04"),
        ({"grace_days": 10}, {"due_days": 14, "grace_days": 3}, {}, "2026-03-26"),
        ({"due_days": 0, "grace_days": 0}, {"due_days": 14, "grace_days": 3}, {"GRACE_DAYS": 5}, "2026-03-02"),
        ({}, {"due_days": 0}, {"NEW_CUSTOMER_DAYS": 30}, "2026-03-31"),
        ({}, {"due_days": 14}, {"NEW_CUSTOMER_DAYS": 5}, "2026-03-16"),
        ({"grace_days": 0}, {"due_days": 0}, {"NEW_CUSTOMER_DAYS": 1}, "2026-03-02"),
    ],
)
def test_b3_the_days_of_the_customer_come_before_the_plans_and_the_installations(
    settings, customer, plan, installation, first_day_off
):
    for name, value in installation.items():
        setattr(settings, name, value)
    owner = make_customer(now=at("2026-03-01"))
    type(owner).objects.filter(pk=owner.pk).update(**customer)
    subscription = billed(at("2026-03-01"), customer=owner, **plan)
    first = at(first_day_off)
    assert access_of(subscription).cut_off_at == first
    sweep_at(first - timedelta(seconds=1))
    assert is_online(subscription)
    sweep_at(first)
    assert not is_online(subscription)


def test_e10_a_cut_that_falls_on_a_friday_night_waits_until_after_the_holiday_weekend(settings):
    settings.TIME_ZONE, settings.WEEKDAYS_WITHOUT_CUTS, settings.CUT_OFF_TIME = "Europe/Rome", ["sat", "sun"], "09:00"
    Holiday.objects.create(day=date(2026, 4, 6), name="Easter Monday")
    subscription = billed(local("2026-03-20T12:00", "Europe/Rome"))  # due on Friday, 3 April
    hour, first = local("2026-04-03T23:00", "Europe/Rome"), local("2026-04-07T09:00", "Europe/Rome")
    while hour < first:
        waits = sweep_at(hour)
        assert is_online(subscription), f"cut on {hour}"
        hour += timedelta(hours=1)
    assert waits.waits_until == first
    assert sweep_at(first).disabled == [subscription.customer.code]


def test_e10_a_yearly_holiday_counts_each_year_and_one_of_a_single_day_once(settings):
    Holiday.objects.create(day=date(2020, 3, 16), name="Independence", yearly=True)
    Holiday.objects.create(day=date(2025, 3, 17), name="Mourning")
    subscription = billed(at("2026-03-01"))
    assert sweep_at(at("2026-03-16T23:00")).waits_until == at("2026-03-17")
    assert is_online(subscription)
    assert len(sweep_at(at("2026-03-17")).disabled) == 1


def test_e10_a_holiday_that_is_added_the_evening_before_counts():
    subscription = billed(at("2026-03-01"))
    Holiday.objects.create(day=date(2026, 3, 16), name="Storm")
    sweep_at(at("2026-03-16T12:00"))
    assert is_online(subscription)


def test_e10_a_payment_on_a_day_without_cuts_counts(settings):
    settings.WEEKDAYS_WITHOUT_CUTS = ["sat", "sun"]
    subscription = billed(at("2026-02-27"))  # due on Friday, 13 March
    sweep_at(at("2026-03-14"))
    pay(subscription.customer, "20", "2026-03-15T18:00")
    sweep_at(at("2026-03-16"))
    assert is_online(subscription)


def test_t6_after_three_days_without_a_scheduler_one_run_cuts_all_that_fell_due():
    services = [billed(at(day)) for day in ("2026-02-28", "2026-03-01", "2026-03-02", "2026-03-05")]
    sweep_at(at("2026-03-13"))
    assert len(sweep_at(at("2026-03-17T08:00")).disabled) == 3
    assert [is_online(service) for service in services] == [False, False, False, True]
    assert set(Block.objects.values_list("opened_at", flat=True)) == {at("2026-03-17T08:00")}


def test_t6_a_clock_that_is_set_back_cuts_nobody_twice_and_gives_nobody_access():
    services = [billed(at(day)) for day in ("2026-03-01", "2026-03-02")]
    sweep_at(at("2026-03-16T00:30"))
    assert sweep_at(at("2026-03-15T23:30")).disabled == []
    assert sweep_at(at("2026-03-16T00:30")).disabled == []
    assert [is_online(service) for service in services] == [False, True]


def test_e7_a_payment_is_taken_although_the_clock_was_set_back_after_the_cut():
    subscription = billed(at("2026-03-01"))
    sweep_at(at("2026-03-16T10:00"))
    pay(subscription.customer, "20", "2026-03-16T09:55")
    assert is_online(subscription)
    block = Block.objects.get()
    assert block.closed_at == block.opened_at == at("2026-03-16T10:00")


@pytest.mark.parametrize("way", ["void", "credited in full", "zero", "written off", "paid"])
def test_e1_a_bill_that_asks_for_nothing_any_more_never_cuts(way):
    subscription = billed(at("2026-03-01"), price=Decimal(0) if way == "zero" else Decimal(20))
    bill, now = subscription.lines.get().bill, at("2026-03-10")
    if way == "void":
        bills.void(bill=bill, reason="Wrong plan", now=now)
    elif way == "credited in full":
        credit_notes.correct(bill=bill, reason="Outage", now=now)
    elif way == "written off":
        credit_notes.write_off(bill=bill, reason="Good will", now=now)
    elif way == "paid":
        payments.receive(customer=subscription.customer, amount=Decimal(20), method="cash", now=now)
    assert access_of(subscription).cut_off_at is None
    assert sweep_at(at("2036-01-01")).disabled == []


def test_e1_a_billing_outage_cuts_nobody():
    subscription = billed(at("2026-01-01"))
    pay(subscription.customer, "20", "2026-01-05")
    assert sweep_at(at("2026-12-31")).disabled == []


def test_e2_a_paid_newer_bill_does_not_shield_an_old_one_and_paying_one_of_two_is_not_enough():
    subscription = make_subscription(plan=make_plan(due_days=14))
    january, _, march = issue_due(subscription, now=at("2026-03-01"))
    pay(subscription.customer, "20", "2026-03-02", bill=march)
    sweep_at(at("2026-03-31"))
    assert not is_online(subscription)
    pay(subscription.customer, "20", "2026-03-31", bill=january)
    assert not is_online(subscription)
    pay(subscription.customer, "20", "2026-03-31")
    assert is_online(subscription)


def test_e5_only_the_subscriptions_on_unpaid_bills_are_cut():
    customer = make_customer()
    kept, cut = (billed(at("2026-03-01"), customer=customer) for _ in range(2))
    pay(customer, "20", "2026-03-02", bill=kept.lines.get().bill)
    sweep_at(at("2026-06-01"))
    assert [is_online(service) for service in (kept, cut)] == [True, False]


def one_off_bill(customer, day):
    items.add(customer=customer, description="Router", amount=Decimal(50), now=at(day))
    return items.bill_now(customer=customer, now=at(day))


def test_e5_a_one_off_bill_cuts_nobody_unless_the_setting_says_so():
    subscription = make_subscription()
    one_off_bill(subscription.customer, "2026-03-01")
    assert sweep_at(at("2036-01-01")).disabled == []


def test_e5_with_the_setting_a_one_off_bill_cuts_all_of_the_customers_subscriptions(settings):
    settings.ONE_OFF_BILLS_CUT, settings.GRACE_DAYS = True, 2
    customer, other = make_customer(now=at("2026-01-01")), make_subscription()
    services = [make_subscription(customer=customer) for _ in range(2)]
    bill = one_off_bill(customer, "2026-03-01")
    assert sweep_at(at("2026-03-17T23:59:59")).disabled == []
    assert len(sweep_at(at("2026-03-18")).disabled) == 2
    assert set(Block.objects.values_list("bill", flat=True)) == {bill.pk}
    assert is_online(other)
    pay(customer, "50", "2026-03-19")
    assert all(is_online(service) for service in services)


def test_e5_a_subscription_that_is_opened_beside_an_overdue_one_off_bill_is_cut_as_well(settings):
    settings.ONE_OFF_BILLS_CUT = True
    customer = make_customer(now=at("2026-01-01"))
    one_off_bill(customer, "2026-03-01")
    late = make_subscription(customer=customer, starts_on=date(2026, 4, 1))
    assert access_of(late).cut_off_at == at("2026-03-16")
    sweep_at(at("2026-04-02"))
    assert not is_online(late)


def test_e5_items_on_the_bill_of_a_period_cut_the_subscription_of_the_period_only(settings):
    settings.ONE_OFF_BILLS_CUT = True
    customer = make_customer(now=at("2026-01-01"))
    other = make_subscription(customer=customer, starts_on=date(2026, 1, 1))
    items.add(customer=customer, description="Router", amount=Decimal(50), now=at("2026-03-01"))
    cut = billed(at("2026-03-01"), customer=customer)
    sweep_at(at("2026-03-16"))
    assert [is_online(service) for service in (other, cut)] == [True, False]


def test_e10_a_run_on_a_day_without_cuts_is_recorded_as_idle(settings):
    settings.WEEKDAYS_WITHOUT_CUTS = ["mon"]
    billed(at("2026-03-01"))
    sweep_at(at("2026-03-16"))  # a Monday
    assert SweepRun.objects.filter(disabled=0, looked_at=0, ended_at__isnull=False).count() == 1
