"""Which rules cut here: every setting of enforcement with its value and its source, and the terms of a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone

from billing.admin.formatting import instant, label, link, list_of, money
from billing.admin.pages import page_of
from billing.admin.panels import Column, Panel, columns
from billing.models import Holiday, Plan
from billing.rules.calendar import parse_weekdays
from billing.services import policy, terms
from billing.services.terms import CustomerTerms, Term

MOST_HOLIDAYS = 50
NEEDED = "billing.view_holiday"
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
TERM_COLUMNS = columns("Days to pay", "Days of grace", "Ends when disabled as unpaid for")
HEADS = columns("Rule", "In force", "From", "Setting")
HOLIDAY_HEADS = columns("Day", "Name", "Yearly")


def _days(value: int) -> str:
    return f"{value} day" if value == 1 else f"{value} days"


def _after(value: int) -> str:
    return _days(value) if value else "never"


def _weekdays(words: list[str]) -> str:
    return ", ".join(WEEKDAYS[number] for number in sorted(parse_weekdays(words))) or "none"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _percent(value: int) -> str:
    return f"{value} %"


def _minimum_debt(value: str) -> str:
    return money(policy.minimum_debt())


def _reminders(words: list[str]) -> str:
    return ", ".join(stage.name for stage in policy.reminder_stages()) or "none"


class Rule(NamedTuple):
    """One setting: what it decides, and its value in words."""

    setting: str
    decides: str
    told: Callable[[Any], str] = str


RULES = (
    Rule("DUE_DAYS", "Days to pay after the issue date, unless the plan or the customer says otherwise", _days),
    Rule("GRACE_DAYS", "Days online after the due date, unless the plan or the customer says otherwise", _days),
    Rule("EXPIRY_CHECK_CRON", "When the expiry check runs"),
    Rule("CUT_OFF_TIME", "Time of day from which cuts happen"),
    Rule("WEEKDAYS_WITHOUT_CUTS", "Weekdays on which nobody is cut", _weekdays),
    Rule("TIME_ZONE", "Zone of all days and times"),
    Rule(
        "MINIMUM_DEBT",
        "An overdue debt of no more than this cuts nobody",
        _minimum_debt,
    ),
    Rule("ONE_OFF_BILLS_CUT", "Bills of one-off items alone cut, too", _yes),
    Rule("NEW_CUSTOMER_DAYS", "Days after the registration in which a customer is not cut", _days),
    Rule(
        "MAX_CUTS_PERCENT",
        "The circuit breaker holds a run that cuts more of the active than",
        _percent,
    ),
    Rule("MAX_CUTS_COUNT", "but never one that cuts no more than"),
    Rule("END_AFTER_DAYS", "Ends when disabled as unpaid for, unless the plan says otherwise", _after),
    Rule("REMINDER_DAYS", "Reminders", _reminders),
    Rule("REMINDERS_CRON", "When reminders are recorded"),
    Rule("PROMISE_MAX_DAYS", "The longest promise to pay", _days),
    Rule("PROMISES_PER_YEAR", "Promises that a customer may have within a year"),
)


def address() -> str:
    return reverse("rules_in_force")


def may_see(request: HttpRequest) -> bool:
    return bool(request.user.has_perm(NEEDED))


def rules_in_force(request: HttpRequest) -> HttpResponse:
    """The page with all rules of the installation."""
    if not may_see(request):
        raise PermissionDenied
    now = timezone.now()
    holidays = [(link(one, str(one.day)), one.name, _yes(one.yearly)) for one in Holiday.objects.all()[:MOST_HOLIDAYS]]
    facts = [("The next cuts may happen", instant(policy.calendar().first_cut(now)))]
    panels = [
        Panel("Rules of the installation", HEADS, [_row(rule) for rule in RULES]),
        Panel("Days without cuts", HOLIDAY_HEADS, holidays, empty="None.", more=list_of(Holiday)),
    ]
    return page_of(request, title="Rules in force", facts=facts, panels=panels)


def _row(rule: Rule) -> tuple[object, ...]:
    source = label("environment", "info") if rule.setting in settings.FROM_ENVIRONMENT else label("default")
    return (rule.decides, rule.told(getattr(settings, rule.setting)), source, rule.setting)


def term_cells(plan: Plan, customer: CustomerTerms = terms.NO_CUSTOMER) -> tuple[str, ...]:
    """The cells under ``TERM_COLUMNS``, each with who says so."""
    due = terms.due_days(plan, customer)
    until = _said("until the last paid day", due) if due.days is None else _said(_days(due.days), due)
    grace, end = terms.grace_days(plan, customer), terms.end_after_days(plan)
    return (until, _said(_days(grace.days or 0), grace), _said(_after(end.days or 0), end))


def plan_panel(plan: Plan) -> Panel:
    """What counts for a plan's customers who have no days of their own."""
    return Panel("Rules in force", TERM_COLUMNS, [term_cells(plan)])


def customer_panel(customer: Any) -> Panel:
    """What counts for each subscription of a customer that the admin fetched with its ``services``."""
    own = CustomerTerms(customer.due_days, customer.grace_days, customer.created_at)
    rows = [(link(service), service.plan.name, *term_cells(service.plan, own)) for service in customer.services]
    return Panel("Rules in force", (Column("Login"), Column("Plan"), *TERM_COLUMNS), rows, empty="No subscription yet.")


def _said(text: str, term: Term) -> str:
    return f"{text} ({term.source})"
