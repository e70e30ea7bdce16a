"""How many cuts in one run are abnormal (rule E14)."""

import pytest

from billing.rules.breaker import CircuitBreaker

USUAL = CircuitBreaker(percent=10, count=50)


@pytest.mark.parametrize(
    ("due", "active", "is_needed"),
    [
        (0, 0, False),
        (50, 50, False),  # everybody, but no more than 50
        (51, 51, True),
        (51, 510, False),  # exactly 10 %
        (51, 509, True),
        (100, 1000, False),
        (101, 1000, True),
        (100_000, 1_000_000, False),
        (100_001, 1_000_000, True),
    ],
)
def test_e14_more_than_50_and_more_than_10_percent_are_abnormal(due, active, is_needed):
    assert USUAL.is_needed(due, active) is is_needed


def test_e14_of_100_percent_nothing_is_abnormal():
    assert not CircuitBreaker(percent=100, count=0).is_needed(1000, 1000)


def test_e14_without_a_count_the_share_alone_decides():
    assert CircuitBreaker(percent=10, count=0).is_needed(1, 9)
    assert not CircuitBreaker(percent=10, count=0).is_needed(1, 10)
