from datetime import timedelta

import pytest

from utils.monitoring import words


@pytest.mark.parametrize(
    ("cron", "expected"),
    [
        ("* * * * *", "every minute"),
        ("*/1 * * * *", "every minute"),
        ("*/15 * * * *", "every 15 minutes"),
        ("*/7 * * * *", "*/7 * * * *"),  # not even at the end of the hour
        ("0 * * * *", "hourly at :00"),
        ("5 * * * *", "hourly at :05"),
        ("5 0 * * *", "daily at 00:05"),
        ("30 23 * * *", "daily at 23:30"),
        ("0 0 * * mon", "Mondays at 00:00"),
        ("0 0 * * 0", "Sundays at 00:00"),
        ("0 0 * * 7", "Sundays at 00:00"),
        ("0 0 * * MON,3,fri", "Mondays, Wednesdays and Fridays at 00:00"),
        ("0 0 * * 1-5", "0 0 * * 1-5"),
        ("0 0 1 * *", "0 0 1 * *"),
        ("0 0 1 * mon", "0 0 1 * mon"),
        ("0 0 * 2 mon", "0 0 * 2 mon"),
        ("0,30 * * * *", "0,30 * * * *"),
        ("0 */2 * * *", "0 */2 * * *"),
        ("*/0 * * * *", "*/0 * * * *"),
        ("* 3 * * *", "* 3 * * *"),
    ],
)
def test_usual_schedules_are_told_in_words_and_others_as_they_are(cron, expected):
    assert words.schedule(cron) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(1, "1 second"), (59, "59 seconds"), (300, "5 minutes"), (7200, "2 hours"), (86_400 * 3, "3 days")],
)
def test_lengths_of_time_are_told_in_one_unit(seconds, expected):
    assert words.span(timedelta(seconds=seconds)) == expected
