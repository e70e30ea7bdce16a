"""How an example is written down."""

from datetime import date
from decimal import Decimal

import pytest

from billing.rules.periods import Interval, Unit

WEEKLY = Interval(1, Unit.WEEK)
MONTHLY = Interval(1, Unit.MONTH)
QUARTERLY = Interval(3, Unit.MONTH)
YEARLY = Interval(1, Unit.YEAR)

USD = "USD"

day = date.fromisoformat
money = Decimal


def case(number, *values, note=""):
    """An example that the test decides as a whole."""
    return pytest.param(*values, id=f"{number} {note}".strip())


def part(number, *values, note=""):
    """The part of an example that needs no database; the whole of it is a test of the services."""
    return pytest.param(*values, id=f"{number} in part {note}".strip())


def span(text):
    """Two days from ``2016-05-01 2016-06-01``."""
    start, end = text.split()
    return day(start), day(end)


def spans(periods):
    return [f"{period.start} {period.end}" for period in periods]
