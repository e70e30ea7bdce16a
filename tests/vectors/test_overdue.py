"""Examples C: stages of being overdue, and what credit pays (rules T6, E2, M6)."""

from datetime import timedelta

import pytest

from billing.rules.allocation import Debt, shares
from billing.rules.ladder import Stage, stage
from billing.rules.retries import retry_dates
from tests.vectors.support import case, day, money, part


def stages(*days):
    return [Stage(name, after) for name, after in zip(("warn", "block", "cancel"), days, strict=True)]


def first_days(unpaid_since, ladder):
    """The day on which each stage begins, when it is looked at daily."""
    begins = {}
    for offset in range(60):
        today = day(unpaid_since) + timedelta(days=offset)
        if reached := stage(day(unpaid_since), ladder, today):
            begins.setdefault(reached.name, str(today))
    return " ".join(begins.values())


@pytest.mark.parametrize(
    ("unpaid_since", "thresholds", "expected"),
    [
        case("C12", "2012-05-31", (30, 40, 50), "2012-06-30 2012-07-10 2012-07-20"),
        # The two bills of 31 May were paid on 2 June; that day's bill is the oldest unpaid one.
        case("C13", "2012-06-02", (5, 7, 11), "2012-06-07 2012-06-09 2012-06-13"),
        case("C23", "2021-08-06", (10, 14, 21), "2021-08-16 2021-08-20 2021-08-27"),
    ],
)
def test_each_stage_begins_on(unpaid_since, thresholds, expected):
    assert first_days(unpaid_since, stages(*thresholds)) == expected


def test_c13_paying_the_older_bills_steps_down_to_the_age_of_the_next():
    ladder = stages(1, 2, 3)
    assert stage(day("2012-05-31"), ladder, day("2012-06-02")).name == "block"
    assert stage(day("2012-06-02"), ladder, day("2012-06-02")) is None


def test_c23_a_failed_collection_is_tried_again():
    assert retry_dates(day("2021-08-06"), [1, 8, 4, 7]) == [
        day(text) for text in "2021-08-07 2021-08-15 2021-08-19 2021-08-26".split()
    ]


def test_c24_after_an_outage_the_most_severe_stage_that_is_reached_applies_once():
    since, ladder = day("2012-05-31"), stages(5, 7, 11)
    assert stage(since, ladder, since + timedelta(days=3)) is None
    assert stage(since, ladder, since + timedelta(days=8)).name == "block"


@pytest.mark.parametrize(
    ("credit", "bills", "owed", "left"),
    [
        part("B27", "2150.00", ["249.95"], ["0"], "1900.05"),
        part("B27", "2150.00", ["249.95", "249.95"], ["0", "0"], "1650.10"),
        part("C5", "300.00", ["249.95", "249.95"], ["0", "199.90"], "0"),
        part("C6", "1000.00", ["249.95", "249.95"], ["0", "0"], "500.10"),
        part("C25", "17.00", ["2.07"], ["0"], "14.93"),
        part("C26", "17.00", ["15.00"], ["0"], "2.00"),
        part("C28", "85.72", ["60.00"], ["0"], "25.72"),
    ],
)
def test_credit_pays_bills_oldest_first_and_the_rest_stays(credit, bills, owed, left):
    paid = {
        share.bill_id: share.amount
        for share in shares(money(credit), [Debt(n, money(bill)) for n, bill in enumerate(bills)])
    }
    assert [money(bill) - paid.get(n, 0) for n, bill in enumerate(bills)] == [money(amount) for amount in owed]
    assert money(credit) - sum(paid.values()) == money(left)
