"""Renewals of prepaid subscriptions (rules L4, E1)."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.access import cut_off_at
from billing.rules.errors import Refused
from billing.rules.periods import Interval, Period, Schedule, Unit
from billing.rules.renewal import Redated, due_on, is_renewal, redated

MONTHLY = Interval(1, Unit.MONTH)
MAY, JUNE = date(2026, 5, 1), date(2026, 6, 1)
ANNIVERSARY = Schedule(MAY, MONTHLY)
CALENDAR = Schedule(MAY, MONTHLY, 1)
ZONES = ["UTC", "Asia/Dhaka", "America/Sao_Paulo", "Africa/Cairo", "Europe/Rome", "Pacific/Apia"]


@pytest.mark.parametrize("zone", [ZoneInfo(name) for name in ZONES], ids=ZONES)
def test_l4_a_bill_that_cuts_at_the_expiry_is_a_renewal(zone):
    last_paid_day = due_on(JUNE, issued_on=date(2026, 5, 25))
    assert last_paid_day == date(2026, 5, 31)
    assert is_renewal(cut_off_at(last_paid_day, 0, zone), start=JUNE, zone=zone)


def test_l4_a_bill_that_cuts_when_days_of_it_are_used_is_no_renewal():
    zone = ZoneInfo("UTC")
    assert not is_renewal(cut_off_at(date(2026, 5, 31), 1, zone), start=JUNE, zone=zone)
    assert not is_renewal(None, start=JUNE, zone=zone)


@given(st.dates(JUNE, date(2026, 8, 1)))
def test_e1_a_renewal_that_comes_late_cuts_nobody_on_the_day_it_comes(issued_on):
    zone = ZoneInfo("UTC")
    cut_off = cut_off_at(due_on(JUNE, issued_on=issued_on), 0, zone)
    assert cut_off > datetime.combine(issued_on, datetime.max.time(), tzinfo=zone)
    assert not is_renewal(cut_off, start=JUNE, zone=zone)


@pytest.mark.parametrize("schedule", [ANNIVERSARY, CALENDAR])
@pytest.mark.parametrize("paid_on", [date(2026, 5, 20), date(2026, 5, 31), JUNE])
def test_l4_paid_in_time_the_new_period_follows_the_old_one(schedule, paid_on):
    assert redated(schedule, start=JUNE, paid_on=paid_on) == Redated(MAY, Period(JUNE, date(2026, 7, 1), 30))


def test_l4_paid_late_a_full_period_starts_on_the_day_of_payment():
    paid_on = date(2026, 6, 20)
    assert redated(ANNIVERSARY, start=JUNE, paid_on=paid_on) == Redated(paid_on, Period(paid_on, date(2026, 7, 20), 30))


def test_l4_paid_late_a_calendar_plan_is_billed_for_the_rest_of_its_period():
    paid_on = date(2026, 6, 20)
    assert redated(CALENDAR, start=JUNE, paid_on=paid_on) == Redated(MAY, Period(paid_on, date(2026, 7, 1), 30))


@given(st.integers(1, 900), st.sampled_from([ANNIVERSARY, CALENDAR]))
def test_l4_no_day_before_the_payment_is_billed_and_the_next_period_follows(late, schedule):
    paid_on = JUNE + timedelta(days=late)
    outcome = redated(schedule, start=JUNE, paid_on=paid_on)
    after = Schedule(outcome.anchor, schedule.interval, schedule.billing_day)
    assert outcome.slice == after.slice_from(paid_on)
    assert after.slice_from(outcome.slice.end) == after.holding(outcome.slice.end)


def test_l6_nothing_is_redated_beyond_the_end():
    ends_on = date(2026, 6, 25)
    assert redated(ANNIVERSARY, start=JUNE, paid_on=date(2026, 6, 20), ends_on=ends_on).slice.end == ends_on
    with pytest.raises(Refused, match="no day left to bill"):
        redated(ANNIVERSARY, start=JUNE, paid_on=ends_on, ends_on=ends_on)
