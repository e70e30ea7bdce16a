"""Examples Z: dates are those of a zone (rules T1, T5), and F4: so is the month in a number."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from billing.rules.issuing import due_slices
from billing.rules.numbering import printed
from billing.rules.periods import Schedule, local_day, start_of_day
from billing.rules.proration import prorated
from tests.vectors.support import MONTHLY, USD, WEEKLY, day, money, part, spans


@pytest.mark.parametrize(
    ("created", "zone", "local", "amount"),
    [
        part("Z1", "2023-06-16T05:00Z", "America/Denver", "2023-06-15", "4.00"),
        part("Z2", "2023-06-16T05:00Z", "America/Halifax", "2023-06-16", "3.00"),
        part("Z3", "2023-06-16T20:00Z", "Europe/Paris", "2023-06-16", "3.00"),
        part("Z4", "2023-06-16T20:00Z", "Asia/Karachi", "2023-06-17", "2.00"),
    ],
)
def test_the_first_part_of_a_week_that_begins_on_monday(created, zone, local, amount):
    start = local_day(datetime.fromisoformat(created), ZoneInfo(zone))
    assert start == day(local)
    monday = day("2023-06-12")
    assert prorated(money("7.00"), Schedule(monday, WEEKLY).slice_from(start), USD) == money(amount)


@pytest.mark.parametrize(("zone", "expected"), [part("Z6", "America/Bogota", [0, 1, 0, 0, 0])])
def test_a_month_is_billed_once_when_it_begins_in_the_zone(zone, expected):
    runs = "2023-03-01T00:00Z 2023-03-01T05:00Z 2023-03-01T06:00Z 2023-03-02T04:00Z 2023-03-02T05:00Z".split()
    schedule, billed_until, counts = Schedule(day("2023-01-01"), MONTHLY, 1), day("2023-03-01"), []
    for run in runs:
        due = due_slices(schedule, billed_until, local_day(datetime.fromisoformat(run), ZoneInfo(zone)))
        billed_until = due[-1].end if due else billed_until
        counts.append(len(due))
    assert counts == expected


@pytest.mark.parametrize(
    ("zone", "started", "first_day", "months"),
    [
        part("Z8", "America/Juneau", "2015-11-01T00:00", "2015-11-01", 18),
        part("Z10", "America/Los_Angeles", "2015-03-08T02:00", "2015-03-08", 25),  # this local time does not exist
    ],
)
def test_one_bill_a_month_of_exactly_the_price_when_clocks_change(zone, started, first_day, months):
    zone = ZoneInfo(zone)
    anchor = local_day(datetime.fromisoformat(started).replace(tzinfo=zone), zone)
    assert anchor == day(first_day)
    schedule, billed_until, bills = Schedule(anchor, MONTHLY), anchor, []
    last = schedule.period(months).start
    while (now := start_of_day(billed_until, zone)) < start_of_day(last, zone):
        for due in due_slices(schedule, billed_until, local_day(now + timedelta(minutes=30), zone)):
            bills.append((due.start.day, prorated(money("249.95"), due, USD)))
            billed_until = due.end
    assert bills == [(anchor.day, money("249.95"))] * months


@pytest.mark.parametrize(
    ("before", "after", "now"), [part("Z17", "America/New_York", "Asia/Tokyo", "2023-02-28T20:00Z")]
)
def test_a_new_zone_leaves_no_gap_and_no_overlap(before, after, now):
    schedule, now = Schedule(day("2023-01-01"), MONTHLY, 1), datetime.fromisoformat(now)
    assert local_day(now, ZoneInfo(before)) < day("2023-03-01") <= local_day(now, ZoneInfo(after))
    billed = due_slices(schedule, day("2023-02-01"), local_day(now, ZoneInfo(before)))
    billed += due_slices(schedule, billed[-1].end, local_day(now, ZoneInfo(after)))
    assert spans(billed) == ["2023-02-01 2023-03-01", "2023-03-01 2023-04-01"]


def test_f4_the_month_in_a_number_is_that_of_the_companys_zone():
    issued_on = local_day(datetime.fromisoformat("2023-09-30T23:10Z"), ZoneInfo("Europe/Paris"))
    assert printed(7, prefix="B-{year}{month}-", digits=4, issued_on=issued_on) == "B-202310-0007"
