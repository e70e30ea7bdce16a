"""Stages of being overdue, and when a failed collection is tried again (rules T6, E2)."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.rules.errors import Refused
from billing.rules.ladder import Stage, checked, next_on, parse_stages, stage
from billing.rules.retries import retry_dates

SINCE = date(2026, 5, 31)
WARN, BLOCK, CANCEL = STAGES = (Stage("warn", 5), Stage("block", 7), Stage("cancel", 11))


def after(days):
    return SINCE + timedelta(days=days)


@pytest.mark.parametrize(("days", "reached"), [(4, None), (5, WARN), (6, WARN), (7, BLOCK), (10, BLOCK), (400, CANCEL)])
def test_the_most_severe_stage_that_is_reached(days, reached):
    assert stage(SINCE, STAGES, after(days)) == reached
    assert stage(SINCE, STAGES[::-1], after(days)) == reached


def test_nothing_unpaid_is_at_no_stage():
    assert stage(None, STAGES, after(400)) is None
    assert next_on(None, STAGES, after(0)) is None


@given(st.integers(-10, 30))
def test_the_next_stage_comes_on_the_day_it_says(days):
    day = next_on(SINCE, STAGES, after(days))
    if day is None:
        assert stage(SINCE, STAGES, after(days)) == CANCEL
    else:
        assert stage(SINCE, STAGES, day) != stage(SINCE, STAGES, after(days))
        assert stage(SINCE, STAGES, day - timedelta(days=1)) == stage(SINCE, STAGES, after(days))


def test_stages_are_put_in_order():
    assert checked([CANCEL, WARN, BLOCK]) == STAGES
    assert checked([]) == ()
    assert checked([Stage("at once", 0)]) == (Stage("at once", 0),)


@pytest.mark.parametrize(
    ("stages", "message"), [([Stage("warn", -1)], "Enter 0 or more"), ([WARN, Stage("block", 5)], "on the same day")]
)
def test_stages_that_cannot_be_are_refused(stages, message):
    with pytest.raises(Refused, match=message):
        checked(stages)


def test_each_retry_counts_from_the_attempt_before_it():
    assert retry_dates(SINCE, [1, 3]) == [after(1), after(4)]
    assert retry_dates(SINCE, []) == []
    with pytest.raises(Refused, match="at least one day"):
        retry_dates(SINCE, [1, 0])


def test_reminders_are_read_in_the_order_of_their_days_and_named():
    assert parse_stages([]) == ()
    assert parse_stages(["7", "-3", "0", "1"]) == (
        Stage("3 days before the due date", -3),
        Stage("on the due date", 0),
        Stage("1 day after the due date", 1),
        Stage("7 days after the due date", 7),
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["soon"], "“soon” is not a number of days"),
        (["1.5"], "“1.5” is not a number of days"),
        (["1", "01"], "Two reminders come on the same day"),
        (["367"], "too far from it"),
        (["-367"], "too far from it"),
    ],
)
def test_reminders_that_cannot_be_are_refused(words, message):
    with pytest.raises(Refused, match=message):
        parse_stages(words)
