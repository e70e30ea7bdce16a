"""Cron expressions as operators know them: five fields, in the installation's zone."""

from __future__ import annotations

import re

from apscheduler.triggers.cron import CronTrigger

WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
FORM = "minute hour day month weekday, such as “* * * * *” (every minute) or “0 * * * *” (hourly)"


def parse(expression: str, zone: str) -> CronTrigger:
    """The trigger of a five-field cron expression.

    Weekday numbers count as in cron (0 and 7 are Sunday); APScheduler itself would take 0 for Monday.

    Raises:
        ValueError: it is not a cron expression; the message shows the form.
    """
    fields = expression.split()
    if len(fields) != 5:
        raise ValueError(f"{expression!r} has {len(fields)} fields instead of 5: {FORM}")
    minute, hour, day, month, weekday = fields
    try:
        return CronTrigger(
            minute=minute, hour=hour, day=day, month=month, day_of_week=_named(weekday), second="0", timezone=zone
        )
    except (ValueError, IndexError) as error:
        raise ValueError(f"{expression!r} is not a cron expression ({error}): {FORM}") from error


def _named(weekday: str) -> str:
    """Weekday numbers replaced by names; the step behind a slash is left alone."""
    return re.sub(r"(?<![/\d])\d+", lambda match: WEEKDAYS[int(match[0])], weekday)
