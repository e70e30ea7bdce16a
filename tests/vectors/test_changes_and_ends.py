"""Examples B: plan changes and ends (rules L2, L6, M3, T2)."""

import pytest

from billing.rules.cancellation import credit as credit_at_end
from billing.rules.periods import Schedule
from billing.rules.plan_change import Offer, change
from billing.rules.proration import Standing, prorated
from billing.rules.tax import Rate, credited, totals
from tests.vectors.support import MONTHLY, QUARTERLY, USD, WEEKLY, YEARLY, case, day, money, part, span

VAT = Rate("VAT", money(25), inclusive=False)


def plan(price, billing_day=None, rate=None):
    return Offer(money(price), MONTHLY, billing_day, rate=rate)


def yearly(price):
    return Offer(money(price), YEARLY, billing_day=None)


@pytest.mark.parametrize(
    ("old", "paid_from", "new", "days", "amounts"),
    [
        case("B21", plan("10.00"), "2011-07-20", yearly("100.00"), "2011-07-31 2012-07-31", "6.45 100.00 93.55"),
        case("B23", plan("249.95"), "2016-05-01", plan("599.95"), "2016-05-05 2016-06-01", "217.70 522.54 304.84"),
        # The new plan is billed on the 10th: first the days to it; 117.71 stays as credit.
        part("B24", plan("249.95"), "2016-05-01", plan("599.95", 10), "2016-05-05 2016-05-10", "217.70 99.99 -117.71"),
        part("B26", yearly("2399.95"), "2012-05-01", plan("249.95"), "2012-05-01 2012-06-01", "2399.95 249.95 -2150"),
        case("B33", plan("10.00"), "2024-04-01", plan("20.00"), "2024-04-16 2024-05-01", "5.00 10.00 5.00"),
        case("B39", plan("29.00", 1), "2024-02-01", plan("290.00", 1), "2024-02-12 2024-03-01", "18.00 180.00 162.00"),
        # Net with 25 % tax: 9.68 + 2.42 less 6.45 + 1.61, then 12.26 + 3.07 less 9.68 + 2.42.
        case("B42", plan("10", 1, VAT), "2024-03-05", plan("15", 1, VAT), "2024-03-12 2024-04-01", "6.45 9.68 4.04"),
        case("B42", plan("15", 1, VAT), "2024-03-12", plan("19", 1, VAT), "2024-03-12 2024-04-01", "9.68 12.26 3.23"),
    ],
)
def test_a_change_credits_and_charges(old, paid_from, new, days, amounts):
    paid = old.schedule(day(paid_from)).slice_from(day(paid_from))
    line = Standing(prorated(old.price, paid, USD), paid.start, paid.end)
    on, until = span(days)
    outcome = change(line=line, anchor=paid.start, old=old, new=new, on=on, currency=USD)
    assert [outcome.credit, outcome.charge, outcome.net] == [money(amount) for amount in amounts.split()]
    assert (outcome.slice.start, outcome.slice.end) == (on, until)


def test_b42_the_first_part_and_the_credits_with_tax():
    first = plan("10.00", 1).schedule(day("2024-03-05")).slice_from(day("2024-03-05"))
    assert prorated(money("10.00"), first, USD) == money("8.71")
    assert totals([(money("6.45"), VAT)], USD).total == money("8.06")
    assert totals([(money("9.68"), VAT)], USD).total == money("12.10")


@pytest.mark.parametrize(
    ("until", "amount"),
    [
        case("B43", "2024-06-20", "310.00"),  # 20 May to 19 June: 31 of 91 days
        case("B43", "2024-06-21", "320.00", note="a day late"),  # as in the source, which charges 20 June
    ],
)
def test_the_base_is_the_whole_quarter_also_for_days_after_a_change(until, amount):
    quarter = Schedule(day("2024-04-15"), QUARTERLY).slice_from(day("2024-05-20"), day(until))
    assert quarter.full_days == 91
    assert prorated(money("910.00"), quarter, USD) == money(amount)


@pytest.mark.parametrize(
    ("anchor", "asked_on", "takes_effect"), [part("B46", "2023-10-19", "2023-11-09", "2023-11-19")]
)
def test_a_change_at_the_periods_end_waits_for_it(anchor, asked_on, takes_effect):
    assert Schedule(day(anchor), MONTHLY).holding(day(asked_on)).end == day(takes_effect)


CALENDAR = (MONTHLY, 1)
WEEK = (WEEKLY, None)


@pytest.mark.parametrize(
    ("grid", "price", "start", "on", "tax", "bill", "credit"),
    [
        # The day of the end is credited: 20 to 31 December are 12 of the line's 17 days, 3.868; tax on 3.87 is 0.774.
        case("B36", CALENDAR, "10.00", "2022-12-15", "2022-12-20", "20", "5.48 1.10", "3.87 0.77"),
        case("B36", CALENDAR, "10.00", "2022-12-15", "2022-12-21", "20", "5.48 1.10", "3.55 0.71", note="a day late"),
        # 12 to 29 February are 18 of 29 days; the source charges the 12th as well.
        case("B38", CALENDAR, "29.00", "2024-02-01", "2024-02-12", "0", "29.00 0", "18.00 0"),
        case("B38", CALENDAR, "29.00", "2024-02-01", "2024-02-13", "0", "29.00 0", "17.00 0", note="a day late"),
        case("B40", CALENDAR, "29.00", "2024-02-01", "2024-02-01", "0", "29.00 0", "29.00 0"),
        case("B40", CALENDAR, "29.00", "2024-02-01", "2024-02-02", "0", "29.00 0", "28.00 0", note="a day late"),
        # Ended on the first day, nothing is charged; the source charges it: 20 of 21 days of 37.50 are 35.714.
        case("B41", CALENDAR, "50.00", "2023-02-08", "2023-02-08", "20", "37.50 7.50", "37.50 7.50"),
        case("B41", CALENDAR, "50.00", "2023-02-08", "2023-02-09", "20", "37.50 7.50", "35.71 7.14", note="a day late"),
        case("E16", WEEK, "29.99", "2024-01-01", "2024-01-01", "23.33", "29.99 7.00", "29.99 7.00"),
        # 6 of 7 days of 29.99 are 25.7057; 23.33 % of 25.71 is 5.998.
        case("E16", WEEK, "29.99", "2024-01-01", "2024-01-02", "23.33", "29.99 7.00", "25.71 6.00", note="a day late"),
    ],
)
def test_an_end_credits_the_unused_days_with_their_tax(*, grid, price, start, on, tax, bill, credit):
    rate = Rate("VAT", money(tax), inclusive=False)
    first = Schedule(day(start), *grid).slice_from(day(start))
    issued = totals([(prorated(money(price), first, USD), rate)], USD)
    assert [issued.net, issued.tax] == [money(amount) for amount in bill.split()]
    line = Standing(issued.net, first.start, first.end)
    taken_back = credited([(credit_at_end(line, day(on), USD), rate)], issued.taxes, USD)
    assert [taken_back.net, taken_back.tax] == [money(amount) for amount in credit.split()]
