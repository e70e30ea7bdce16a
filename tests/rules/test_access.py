"""When an unpaid bill cuts (rules B3, T5)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from billing.rules.access import cut_off_at, due_on, is_due

UTC_ZONE = ZoneInfo("UTC")


def test_b3_issued_on_the_1st_with_14_days_the_15th_is_the_last_day_and_the_cut_comes_on_the_16th():
    last_day = due_on(date(2026, 3, 1), 14)
    assert last_day == date(2026, 3, 15)
    assert cut_off_at(last_day, 0, UTC_ZONE) == datetime(2026, 3, 16, tzinfo=UTC)


def test_b3_grace_days_come_after_the_due_day():
    assert cut_off_at(date(2026, 3, 15), 3, UTC_ZONE) == datetime(2026, 3, 19, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Asia/Dhaka", "America/Sao_Paulo", "Africa/Cairo", "Europe/Rome", "Pacific/Apia"])
def test_t5_on_through_the_last_second_of_the_due_day_in_every_zone(zone):
    cut_off = cut_off_at(date(2026, 3, 28), 0, ZoneInfo(zone))
    last_second = datetime(2026, 3, 28, 23, 59, 59, 999999, tzinfo=ZoneInfo(zone))
    assert not is_due(cut_off, last_second)
    assert is_due(cut_off, last_second + timedelta(microseconds=1))


def test_nothing_unpaid_is_never_due():
    assert not is_due(None, datetime(2100, 1, 1, tzinfo=UTC))
