"""Where the runs of a job stand on its rhythm, whatever is known of its past (F3, F5, F11, F28 to F33)."""

from datetime import UTC, datetime, timedelta
from importlib.metadata import version

import pytest

from utils import cron
from utils.scheduler.slots import Past, after, first_due

NOW = datetime(2026, 3, 2, 10, 7, 30, tzinfo=UTC)  # a Monday


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "last", "expected"),
    [
        ("* * * * *", "2026-03-02T10:07", "2026-03-02T10:08"),  # nothing was missed
        ("* * * * *", "2026-03-02T10:01", "2026-03-02T10:02"),  # six were: due from the first of them
        ("* * * * *", "2026-02-01T10:01", "2026-03-01T10:08"),  # a month of them: a day of slots is enough
        ("0 0 * * mon", "2026-02-23T00:00", "2026-03-02T00:00"),  # last night's
        ("0 0 * * wed", "2026-02-18T00:00", "2026-02-25T00:00"),  # a weekly one, five days ago
        ("5 0 * * *", "2026-03-02T00:05", "2026-03-03T00:05"),
        ("5 0 * * *", "2026-03-02T03:00", "2026-03-03T00:05"),  # not in the rhythm: it was changed and begins anew
    ],
)
def test_f3_what_comes_after_the_last_run_is_due_and_on_the_grid(expression, last, expected):
    trigger = cron.parse(expression, "UTC")
    assert first_due(trigger, Past(last=at(last)), NOW) == at(expected)


def test_f11_what_ran_last_is_believed_and_the_job_table_only_when_nothing_is_known_of_that():
    hourly = cron.parse("0 * * * *", "UTC")
    stored = at("2026-03-02T08:00")
    assert first_due(hourly, Past(last=at("2026-03-02T10:00"), stored=stored), NOW) == at("2026-03-02T11:00")
    assert first_due(hourly, Past(stored=stored), NOW) == stored
    assert first_due(hourly, Past(), NOW) == at("2026-03-02T11:00")


@pytest.mark.parametrize("stored", ["2026-03-02T09:59", "2026-03-02T12:00", "2027-01-01T00:00"])
def test_f19_a_stored_time_that_the_rhythm_cannot_have_left_is_not_believed(stored):
    hourly = cron.parse("0 * * * *", "UTC")
    assert first_due(hourly, Past(stored=at(stored)), NOW) == at("2026-03-02T11:00")


def test_a_run_that_was_cut_off_is_due_again_also_when_the_rhythm_was_changed():
    daily = cron.parse("5 0 * * *", "UTC")
    assert first_due(daily, Past(last=at("2026-03-02T00:05"), again=True), NOW) == at("2026-03-02T00:05")
    assert first_due(daily, Past(last=at("2026-03-02T03:00"), again=True), NOW) == at("2026-03-02T03:00")


def test_a_rhythm_that_never_comes_plans_nothing():
    assert first_due(cron.parse("0 0 30 2 *", "UTC"), Past(), NOW) is None


def instants(expression, zone, start, count):
    trigger, moment, found = cron.parse(expression, zone), at(start), []
    for _ in range(count):
        moment = after(trigger, moment).astimezone(UTC)
        found.append(moment)
    return found


def test_f30_a_daily_run_in_the_hour_of_the_clock_change_never_stays_away():
    """It comes an hour later in spring and twice in autumn, which costs nothing: every job is safe to run twice."""
    spring = instants("30 2 * * *", "Europe/Rome", "2026-03-28T12:00", 2)
    autumn = instants("30 2 * * *", "Europe/Rome", "2026-10-24T12:00", 3)
    assert spring == [at("2026-03-29T01:30"), at("2026-03-30T00:30")]
    assert autumn == [at("2026-10-25T00:30"), at("2026-10-25T01:30"), at("2026-10-26T01:30")]


@pytest.mark.parametrize("start", ["2026-03-28T23:00", "2026-10-24T23:00"])
def test_f31_a_minutely_job_neither_stops_nor_repeats_itself_at_the_clock_change(start):
    assert tuple(int(part) for part in version("apscheduler").split(".")) >= (3, 11, 3)
    found = instants("* * * * *", "Europe/Rome", start, 240)
    assert found == [at(start) + timedelta(minutes=number) for number in range(1, 241)]


@pytest.mark.parametrize("start", ["2026-03-28T23:00", "2026-10-24T23:00", "2026-10-25T00:30", "2026-10-25T01:00"])
def test_f31_what_was_missed_over_the_clock_change_is_caught_up_on_the_grid(start):
    trigger = cron.parse("*/30 * * * *", "Europe/Rome")
    now = at(start) + timedelta(hours=3, minutes=10)
    assert first_due(trigger, Past(last=at(start)), now) == at(start) + timedelta(minutes=30)


def test_f32_a_rhythm_is_in_the_zone_of_the_installation_whatever_the_machine_has(monkeypatch):
    monkeypatch.setenv("TZ", "America/New_York")
    assert instants("0 0 * * *", "Asia/Dhaka", "2026-03-02T10:00", 1) == [at("2026-03-02T18:00")]


def test_f33_weekdays_by_number_count_as_in_cron():
    assert instants("0 0 * * 1", "UTC", "2026-03-03T00:00", 1) == instants("0 0 * * mon", "UTC", "2026-03-03T00:00", 1)
