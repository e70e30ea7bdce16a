"""Examples Z told by the services: business dates are dates of the installation's zone (rules T1, T5, B1)."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest

from billing.models import Bill
from billing.rules.periods import local_day, start_of_day
from billing.services import billing_run, plan_changes
from tests.builders import at, make_plan, make_subscription
from tests.diary import lines
from tests.vectors.support import day, money

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_are_right")]


def run_at(instant):
    """The billing run of an instant; how many bills it issued."""
    before = Bill.objects.count()
    billing_run.generate(now=instant, limit=10)
    return Bill.objects.count() - before


def test_z1_z2_z3_z4_the_day_of_a_deed_is_the_one_of_the_zone(settings):
    """A week of 7.00 that begins on Monday the 12th, chosen within it; a free plan of the same rhythm went before."""
    for number, zone, instant, charge in (
        ("Z1", "America/Denver", "2023-06-16T05:00", "4.00"),  # still Thursday
        ("Z2", "America/Halifax", "2023-06-16T05:00", "3.00"),
        ("Z3", "Europe/Paris", "2023-06-16T20:00", "3.00"),
        ("Z4", "Asia/Karachi", "2023-06-16T20:00", "2.00"),  # already Saturday
    ):
        settings.TIME_ZONE = zone
        free, weekly = (make_plan(price=money(price), interval_unit="week") for price in ("0", "7.00"))
        subscription = make_subscription(plan=free, starts_on=date(2023, 6, 12))
        outcome = plan_changes.change_now(subscription=subscription, plan=weekly, now=at(instant))
        assert outcome.charge == money(charge), number


def test_z6_a_month_is_billed_once_when_it_begins_in_the_zone(settings):
    settings.TIME_ZONE = "America/Bogota"
    subscription = make_subscription(plan=make_plan(billing_day=1), starts_on=date(2023, 2, 1))
    run_at(at("2023-02-01T12:00"))
    runs = "2023-03-01T00:00 2023-03-01T05:00 2023-03-01T06:00 2023-03-02T04:00 2023-03-02T05:00"
    assert [run_at(at(instant)) for instant in runs.split()] == [0, 1, 0, 0, 0]
    assert lines(subscription)[-1] == "2023-03-01 2023-04-01 20.00"


def monthly_bills(zone, starts_on, months):
    """The issue dates of the bills of so many months, when the run comes daily half an hour after midnight."""
    zone = ZoneInfo(zone)
    subscription = make_subscription(
        plan=make_plan(price=money("249.95")), starts_on=starts_on, now=start_of_day(starts_on, zone)
    )
    today, last = starts_on, subscription.schedule.period(months).start
    while today < last:
        run_at(start_of_day(today, zone) + timedelta(minutes=30))
        today += timedelta(days=1)
    assert {bill.total for bill in Bill.objects.all()} == {money("249.95")}
    return [bill.issued_on for bill in Bill.objects.order_by("pk")]


def test_z8_eighteen_months_in_juneau_are_eighteen_bills(settings):
    settings.TIME_ZONE = "America/Juneau"
    issued = monthly_bills("America/Juneau", date(2015, 11, 1), 18)
    assert [str(day) for day in issued] == [f"{2015 + n // 12}-{n % 12 + 1:02}-01" for n in range(10, 28)]


def test_z10_a_start_in_the_hour_that_does_not_exist_is_a_start_on_that_day(settings):
    settings.TIME_ZONE = "America/Los_Angeles"
    in_the_gap = at("2015-03-08T10:00")  # 02:00 local does not exist: it is 03:00 already
    starts_on = local_day(in_the_gap, ZoneInfo("America/Los_Angeles"))
    issued = monthly_bills("America/Los_Angeles", starts_on, 25)
    assert (len(issued), {day.day for day in issued}) == (25, {8})
    assert lines(Bill.objects.earliest("pk").lines.get().subscription)[0] == "2015-03-08 2015-04-08 249.95"


def test_z12_thirty_days_of_trial_are_thirty_days_also_when_the_clock_changes(settings):
    settings.TIME_ZONE = "America/Los_Angeles"
    begun = at("2017-11-01T07:30")  # 00:30 local
    starts_on = local_day(begun, ZoneInfo("America/Los_Angeles"))
    subscription = make_subscription(plan=make_plan(trial_days=30), starts_on=starts_on, now=begun)
    assert run_at(at("2017-12-01T07:59")) == 0
    assert run_at(at("2017-12-01T08:00")) == 1
    assert lines(subscription) == ["2017-12-01 2018-01-01 20.00"]
    assert subscription.anchor == day("2017-12-01")


def test_z17_when_the_zone_changes_the_next_period_starts_where_the_last_one_ended(settings):
    settings.TIME_ZONE = "America/New_York"
    subscription = make_subscription(plan=make_plan(billing_day=1), starts_on=date(2023, 2, 1))
    run_at(at("2023-02-01T12:00"))
    now = at("2023-02-28T20:00")
    assert run_at(now) == 0
    settings.TIME_ZONE = "Asia/Tokyo"  # where March has begun
    assert run_at(now) == 1
    settings.TIME_ZONE = "America/New_York"
    assert run_at(at("2023-03-01T12:00")) == 0
    assert lines(subscription) == ["2023-02-01 2023-03-01 20.00", "2023-03-01 2023-04-01 20.00"]
