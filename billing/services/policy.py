"""The installation's rules of enforcement, from its settings and its holidays (rules E4, E10, E14)."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings

from billing.models import Holiday
from billing.rules import calendar as rules
from billing.rules import ladder
from billing.rules.breaker import CircuitBreaker
from billing.rules.money import parse_minimum
from billing.services import clock


def minimum_debt() -> Decimal:
    """The largest debt that cuts nobody (rule E4)."""
    return parse_minimum(settings.MINIMUM_DEBT, settings.CURRENCY)


def calendar() -> rules.WorkingCalendar:
    """When cuts may happen, with the holidays of the database."""
    holidays = list(Holiday.objects.values_list("day", "yearly"))
    return rules.WorkingCalendar(
        zone=clock.zone(),
        cut_off_time=rules.parse_time(settings.CUT_OFF_TIME),
        free_weekdays=rules.parse_weekdays(settings.WEEKDAYS_WITHOUT_CUTS),
        holidays=frozenset(day for day, yearly in holidays if not yearly),
        yearly=frozenset((day.month, day.day) for day, yearly in holidays if yearly),
    )


def circuit_breaker() -> CircuitBreaker:
    return CircuitBreaker(percent=settings.MAX_CUTS_PERCENT, count=settings.MAX_CUTS_COUNT)


def reminder_stages() -> tuple[ladder.Stage, ...]:
    """The reminders around a bill's due date, the earliest first."""
    return ladder.parse_stages(settings.REMINDER_DAYS)
