"""One alarm when a trouble begins and one notice when it is over, whatever happens in between."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, OperationalError, transaction

from tests.builders import at
from tests.concurrency.races import together
from utils.alarms import conditions, following
from utils.alarms.conditions import Findings
from utils.models import Alarm, AlarmNotice

pytestmark = pytest.mark.django_db(transaction=True)

NOW = at("2026-06-15T10:00")
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
FAILED = {"failed:bills": "“Bills” failed: ValueError: no"}
CHANNELS = ("mail", "webhook")


def follow(texts=None, *, now=NOW, channels=CHANNELS):
    begun, over = following.follow(Findings(dict(texts or {})), channels=channels, now=now)
    return [alarm.key for alarm in begun], [alarm.key for alarm in over]


def notices(*, is_end):
    return sorted(AlarmNotice.objects.filter(is_end=is_end).values_list("alarm__key", "channel"))


def test_an_alarm_begins_once_and_is_over_once():
    assert follow(FAILED) == (["failed:bills"], [])
    assert follow(FAILED, now=NOW + MINUTE) == ([], [])
    assert follow(now=NOW + 2 * MINUTE) == ([], ["failed:bills"])
    assert follow(now=NOW + 3 * MINUTE) == ([], [])
    alarm = Alarm.objects.get()
    assert (alarm.began_at, alarm.ended_at) == (NOW, NOW + 2 * MINUTE)
    assert notices(is_end=False) == notices(is_end=True) == [("failed:bills", "mail"), ("failed:bills", "webhook")]


def test_another_trouble_is_another_alarm():
    follow(FAILED)
    assert follow({**FAILED, "late:bills": "late"}) == (["late:bills"], [])
    assert follow({"late:bills": "late"}) == ([], ["failed:bills"])


def test_what_is_known_of_a_trouble_is_kept_up_to_date():
    follow({"not-billed:2026-06-15": "1 subscription"})
    follow({"not-billed:2026-06-15": "2 subscriptions"})
    assert Alarm.objects.get().text == "2 subscriptions"


def test_a_trouble_that_comes_and_goes_every_minute_is_told_as_over_when_it_stayed_away_for_an_hour():
    told = []
    for minute in range(120):
        begun, over = follow(FAILED if minute % 2 == 0 else None, now=NOW + minute * MINUTE)
        told += [(minute, "began")] * len(begun) + [(minute, "over")] * len(over)
    assert told == [(0, "began"), (1, "over"), (2, "began")]
    gone = NOW + 119 * MINUTE
    assert follow(now=gone + 59 * MINUTE) == ([], [])
    assert follow(now=gone + HOUR) == ([], ["failed:bills"])
    assert Alarm.objects.first().ended_at == gone


def test_a_trouble_that_comes_back_after_more_than_an_hour_is_over_at_once_again():
    follow(FAILED)
    follow(now=NOW + MINUTE)
    assert follow(FAILED, now=NOW + MINUTE + HOUR + MINUTE) == (["failed:bills"], [])
    assert follow(now=NOW + 2 * HOUR) == ([], ["failed:bills"])


def test_a_source_that_fails_alarms_itself_and_ends_none_of_its_alarms():
    def broken(now):
        raise ZeroDivisionError("division by zero")

    follow(FAILED)
    found = conditions.find({"failed": broken, "late": lambda now: [("bills", "late")]}, NOW)
    begun, over = following.follow(found, channels=(), now=NOW)
    assert {alarm.key for alarm in begun} == {"blind:failed", "late:bills"}
    assert over == []
    assert Alarm.objects.get(key="blind:failed").text.endswith("cannot be told: division by zero")


def test_a_database_that_does_not_answer_ends_no_alarm():
    def away(now):
        raise OperationalError("gone")

    with pytest.raises(OperationalError):
        conditions.find({"late": away}, NOW)


def test_a_kind_that_is_not_looked_at_any_more_is_over():
    follow({"of-an-older-version:x": "what was that?"})
    assert follow() == ([], ["of-an-older-version:x"])


def test_a_channel_that_is_set_up_later_tells_what_still_goes_on():
    follow(FAILED, channels=["mail"])
    follow(FAILED)
    assert notices(is_end=False) == [("failed:bills", "mail"), ("failed:bills", "webhook")]


def test_the_end_is_told_only_where_the_beginning_was():
    follow(FAILED, channels=["mail"])
    follow(channels=CHANNELS)
    assert notices(is_end=True) == [("failed:bills", "mail")]
    assert notices(is_end=False) == [("failed:bills", "mail")]


def test_two_processes_at_once_begin_and_end_an_alarm_once():
    for texts in (FAILED, {}):
        results = together(*[lambda texts=texts: follow(texts)] * 4)
        assert sorted(len(begun) + len(over) for begun, over in results) == [0, 0, 0, 1]
    assert (Alarm.objects.count(), AlarmNotice.objects.count()) == (1, 4)


def test_control_only_the_constraint_keeps_a_second_open_alarm_away():
    follow(FAILED)
    with pytest.raises(IntegrityError, match="alarm_once_while_it_lasts"), transaction.atomic():
        Alarm.objects.create(key="failed:bills", text="again", began_at=NOW)


def test_a_clock_that_was_set_back_ends_an_alarm_all_the_same():
    follow(FAILED)
    assert follow(now=NOW - HOUR) == ([], ["failed:bills"])


def test_a_text_is_one_line_that_fits():
    follow({"failed:bills": "a\nb\0 " + "x" * 600})
    assert Alarm.objects.get().text == "a b " + "x" * 495 + "…"


def test_alarms_that_are_over_are_forgotten_in_the_end_and_those_that_last_are_not():
    follow({**FAILED, "late:bills": "late"})
    follow({"late:bills": "late"}, now=NOW + MINUTE)
    assert following.forget(before=NOW + MINUTE) == 0
    assert following.forget(before=NOW + 2 * MINUTE) == 1
    assert Alarm.objects.get().key == "late:bills"
