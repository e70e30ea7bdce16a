"""Examples B: what parts of a period cost (rules M3, T4, B1)."""

from fractions import Fraction

import pytest

from billing.rules.issuing import due_slices
from billing.rules.periods import Schedule
from billing.rules.proration import Standing, prorated, unused
from billing.rules.tax import Rate, totals
from tests.vectors.support import MONTHLY, USD, YEARLY, case, day, money, part, span, spans


@pytest.mark.parametrize(
    ("interval", "billing_day", "days", "expected", "rounded"),
    [
        case("B2", MONTHLY, 1, "2011-02-01 2011-02-14", [Fraction(13, 28)], 0.464285714),
        case("B4", MONTHLY, 7, "2011-01-31 2011-03-10", [Fraction(7, 31), 1, Fraction(3, 31)], 1.322580645),
        case("B8", YEARLY, 15, "2011-01-31 2012-01-15", [Fraction(349, 365)], 0.956164384),
    ],
)
def test_shares_of_full_periods(interval, billing_day, days, expected, rounded):
    start, end = span(days)
    shares = [Fraction(one.days, one.full_days) for one in Schedule(start, interval, billing_day).slices(start, end)]
    assert shares == expected
    assert round(float(sum(shares)), 9) == rounded


@pytest.mark.parametrize(
    ("price", "anchor", "billing_day", "billed_until", "slices", "amounts"),
    [
        case("B14", "599.95", "2012-03-02", 3, "2012-03-02", ["2012-03-02 2012-03-03"], ["20.69", "599.95"]),
        case("B15", "249.95", "2016-05-01", 15, "2016-05-01", ["2016-05-01 2016-05-15"], ["116.64", "249.95"]),
        # The anchor moved from the 1st to the 15th on 15 May, when all was paid to 1 June.
        case(
            "B16",
            "249.95",
            "2016-05-15",
            None,
            "2016-06-01",
            ["2016-06-01 2016-06-15", "2016-06-15 2016-07-15"],
            ["112.88", "249.95"],
        ),
        case("B17", "249.95", "2016-07-10", None, "2016-07-15", ["2016-07-15 2016-08-10"], ["209.64", "249.95"]),
        case("B48", "200.00", "2015-02-15", 1, "2015-02-15", ["2015-02-15 2015-03-01"], ["100.00", "200.00"]),
        case("B50", "7.00", "2024-02-01", 1, "2024-02-01", ["2024-02-01 2024-03-01"], ["7.00"]),
    ],
)
def test_lines_cost(*, price, anchor, billing_day, billed_until, slices, amounts):
    schedule, start, lines = Schedule(day(anchor), MONTHLY, billing_day), day(billed_until), []
    for _ in amounts:
        lines.append(schedule.slice_from(start))
        start = lines[-1].end
    assert spans(lines)[: len(slices)] == slices
    assert [prorated(money(price), line, USD) for line in lines] == [money(amount) for amount in amounts]


def test_b16_the_old_date_bills_nothing_but_the_bridge():
    schedule = Schedule(day("2016-05-15"), MONTHLY)
    assert spans(due_slices(schedule, day("2016-06-01"), day("2016-06-01"))) == ["2016-06-01 2016-06-15"]
    assert due_slices(schedule, day("2016-06-15"), day("2016-06-14")) == []


def test_b18_a_first_part_and_a_full_month_on_one_bill():
    schedule = Schedule(day("2011-09-01"), MONTHLY, 15)
    lines = due_slices(schedule, day("2011-09-01"), day("2011-10-03"))
    assert [prorated(money("10.00"), line, USD) for line in lines] == [money("4.52"), money("10.00")]
    assert totals([(prorated(money("10.00"), line, USD), None) for line in lines], USD).total == money("14.52")


@pytest.mark.parametrize(
    ("price", "start", "ends_on", "in_arrears", "net", "tax"),
    [
        case("B35", "10.00", "2022-12-15", None, False, "5.48", "1.10"),  # 15 to 31 December: 17 of 31 days
        # Ended on the 20th: 15 to 19 December, 5 of 31 days, 1.6129; tax on 1.61 is 0.322.
        case("B37", "10.00", "2022-12-15", "2022-12-20", True, "1.61", "0.32"),
        # The source charges the 20th as well, which is our end on the 21st: 6 of 31 days.
        case("B37", "10.00", "2022-12-15", "2022-12-21", True, "1.94", "0.39", note="a day late"),
    ],
)
def test_a_part_of_a_calendar_month_with_20_percent_tax(*, price, start, ends_on, in_arrears, net, tax):
    schedule, start = Schedule(day(start), MONTHLY, 1), day(start)
    end = day(ends_on) if ends_on else None
    (line,) = due_slices(schedule, start, end or start, in_arrears=in_arrears, ends_on=end)
    sums = totals([(prorated(money(price), line, USD), Rate("VAT", money(20), inclusive=False))], USD)
    assert (sums.net, sums.tax, sums.total) == (money(net), money(tax), money(net) + money(tax))


@pytest.mark.parametrize(
    ("amount", "days", "on", "credit"),
    [
        case("B20", "12.00", "2011-04-05 2011-05-05", "2011-04-29", "2.40"),  # 6 of 30 days
        part("B22", "20.00", "2011-09-10 2011-10-10", "2011-10-07", "2.00"),  # 24.00 less 2.00 is 22.00
        # Blocked through 10 to 19 July and 10 to 30 July of 31 days from 30 June.
        part("C14", "249.95", "2012-06-30 2012-07-31", "2012-07-10 2012-07-20", "80.63"),
        part("C15", "249.95", "2012-06-30 2012-07-31", "2012-07-10 2012-07-31", "169.32"),
    ],
)
def test_unused_days_are_credited_from_the_line(amount, days, on, credit):
    start, end = span(days)
    line = Standing(money(amount), start, end)
    first, last = span(on) if " " in on else (day(on), end)
    assert unused(line, start=first, end=last, currency=USD) == money(credit)
