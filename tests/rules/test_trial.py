"""Free trials (rule L7)."""

from datetime import date

import pytest

from billing.rules.errors import Refused
from billing.rules.periods import Period
from billing.rules.trial import first_paid_day, free_period


def test_l7_the_first_paid_day_is_the_one_after_the_trial():
    assert free_period(date(2026, 5, 1), 14) == Period(date(2026, 5, 1), date(2026, 5, 15), 14)
    assert first_paid_day(date(2026, 5, 1), 14) == date(2026, 5, 15)


def test_l7_without_a_trial_the_first_day_is_paid():
    assert free_period(date(2026, 5, 1), 0) is None
    assert first_paid_day(date(2026, 5, 1), 0) == date(2026, 5, 1)


@pytest.mark.parametrize("rule", [first_paid_day, free_period])
def test_l7_a_trial_of_less_than_no_days_is_refused(rule):
    with pytest.raises(Refused, match="Enter 0 for none"):
        rule(date(2026, 5, 1), -1)
