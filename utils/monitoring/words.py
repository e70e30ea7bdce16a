"""Schedules and times as people say them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from babel.dates import format_timedelta
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, to_locale
from django.utils.translation import gettext as _

from utils.cron import WEEKDAYS

DAYS = {
    "sun": gettext_lazy("Sundays"),
    "mon": gettext_lazy("Mondays"),
    "tue": gettext_lazy("Tuesdays"),
    "wed": gettext_lazy("Wednesdays"),
    "thu": gettext_lazy("Thursdays"),
    "fri": gettext_lazy("Fridays"),
    "sat": gettext_lazy("Saturdays"),
}


def schedule(cron: str) -> str:
    """A cron expression in words when it is a usual one, such as "daily at 00:05"; else as it is."""
    minute, hour, *days = cron.lower().split()
    if days == ["*", "*", "*"] and hour == "*":
        return _within_an_hour(minute) or cron
    if not (minute.isdecimal() and hour.isdecimal()):
        return cron
    time = f"{int(hour):02}:{int(minute):02}"
    if days == ["*", "*", "*"]:
        return _("daily at {time}").format(time=time)
    weekdays = _weekdays(days[2]) if days[:2] == ["*", "*"] else ""
    return _("{weekdays} at {time}").format(weekdays=weekdays, time=time) if weekdays else cron


def _within_an_hour(minute: str) -> str:
    if minute in ("*", "*/1"):
        return _("every minute")
    if minute.isdecimal():
        return _("hourly at :{minute}").format(minute=f"{int(minute):02}")
    step = re.fullmatch(r"\*/(\d+)", minute)
    return _("every {step} minutes").format(step=step[1]) if step and int(step[1]) and 60 % int(step[1]) == 0 else ""


def _weekdays(field: str) -> str:
    """Such as "Mondays and Fridays" for "1,fri"; empty for what is no list of single days."""
    words = [WEEKDAYS[int(word)] if word in "01234567" else word for word in field.split(",")]
    if not all(word in DAYS for word in words):
        return ""
    *first, last = [str(DAYS[word]) for word in words]
    return _("{first} and {last}").format(first=", ".join(first), last=last) if first else last


def span(length: timedelta) -> str:
    """A length of time, such as "5 minutes"."""
    return str(format_timedelta(length, threshold=1, locale=to_locale(get_language() or "en")))


def local(moment: datetime) -> str:
    """An instant in the installation's zone, such as "2026-03-02 10:01"."""
    return f"{timezone.localtime(moment):%Y-%m-%d %H:%M}"
