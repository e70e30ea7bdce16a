"""Which rules cut here: every setting of enforcement with its value and its source, and the terms of a plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from billing.admin.formatting import instant, label, link, list_of, money
from billing.admin.pages import page_of
from billing.admin.panels import Column, Panel, columns
from billing.models import Holiday, Plan
from billing.rules.calendar import parse_weekdays
from billing.services import policy, terms, wording
from billing.services.terms import CustomerTerms, Term
from billing.words import gettext_lazy

MOST_HOLIDAYS = 50
NEEDED = "billing.view_holiday"
WEEKDAYS = (
    gettext_lazy("Monday"),
    gettext_lazy("Tuesday"),
    gettext_lazy("Wednesday"),
    gettext_lazy("Thursday"),
    gettext_lazy("Friday"),
    gettext_lazy("Saturday"),
    gettext_lazy("Sunday"),
)
TERM_COLUMNS = columns("Days to pay", "Days of grace", "Ends when disabled as unpaid for")
HEADS = columns("Rule", "In force", "From", "Setting")
HOLIDAY_HEADS = columns("Day", "Name", "Yearly")


def _days(value: int) -> str:
    return _("{value} day").format(value=value) if value == 1 else _("{value} days").format(value=value)


def _after(value: int) -> str:
    return _days(value) if value else _("never")


def _weekdays(words: list[str]) -> str:
    return ", ".join(str(WEEKDAYS[number]) for number in sorted(parse_weekdays(words))) or _("none")


def _yes(value: bool) -> str:
    return _("yes") if value else _("no")


def _percent(value: int) -> str:
    return f"{value} %"


def _minimum_debt(value: str) -> str:
    return money(policy.minimum_debt())


def _reminders(words: list[str]) -> str:
    return ", ".join(wording.day_of_reminder(stage.days) for stage in policy.reminder_stages()) or _("none")


class Rule(NamedTuple):
    """One setting: what it decides, and its value in words."""

    setting: str
    decides: str
    told: Callable[[Any], str] = str


RULES = (
    Rule(
        "DUE_DAYS",
        gettext_lazy("Days to pay after the issue date, unless the plan or the customer says otherwise"),
        _days,
    ),
    Rule(
        "GRACE_DAYS",
        gettext_lazy("Days online after the due date, unless the plan or the customer says otherwise"),
        _days,
    ),
    Rule("EXPIRY_CHECK_CRON", gettext_lazy("When the expiry check runs")),
    Rule("CUT_OFF_TIME", gettext_lazy("Time of day from which cuts happen")),
    Rule("WEEKDAYS_WITHOUT_CUTS", gettext_lazy("Weekdays on which nobody is cut"), _weekdays),
    Rule("TIME_ZONE", gettext_lazy("Zone of all days and times")),
    Rule(
        "MINIMUM_DEBT",
        gettext_lazy("An overdue debt of no more than this cuts nobody"),
        _minimum_debt,
    ),
    Rule("ONE_OFF_BILLS_CUT", gettext_lazy("Bills of one-off items alone cut, too"), _yes),
    Rule("NEW_CUSTOMER_DAYS", gettext_lazy("Days after the registration in which a customer is not cut"), _days),
    Rule(
        "MAX_CUTS_PERCENT",
        gettext_lazy("The circuit breaker holds a run that cuts more of the active than"),
        _percent,
    ),
    Rule("MAX_CUTS_COUNT", gettext_lazy("but never one that cuts no more than")),
    Rule("END_AFTER_DAYS", gettext_lazy("Ends when disabled as unpaid for, unless the plan says otherwise"), _after),
    Rule("REMINDER_DAYS", gettext_lazy("Reminders"), _reminders),
    Rule("REMINDERS_CRON", gettext_lazy("When reminders are recorded")),
    Rule("PROMISE_MAX_DAYS", gettext_lazy("The longest promise to pay"), _days),
    Rule("PROMISES_PER_YEAR", gettext_lazy("Promises that a customer may have within a year")),
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
    facts = [(_("The next cuts may happen"), instant(policy.calendar().first_cut(now)))]
    panels = [
        Panel(_("Rules of the installation"), HEADS, [_row(rule) for rule in RULES]),
        Panel(_("Days without cuts"), HOLIDAY_HEADS, holidays, empty=_("None."), more=list_of(Holiday)),
    ]
    return page_of(request, title=_("Rules in force"), facts=facts, panels=panels)


def _row(rule: Rule) -> tuple[object, ...]:
    source = label(_("environment"), "info") if rule.setting in settings.FROM_ENVIRONMENT else label(_("default"))
    return (rule.decides, rule.told(getattr(settings, rule.setting)), source, rule.setting)


def term_cells(plan: Plan, customer: CustomerTerms = terms.NO_CUSTOMER) -> tuple[str, ...]:
    """The cells under ``TERM_COLUMNS``, each with who says so."""
    due = terms.due_days(plan, customer)
    until = _said(_("until the last paid day"), due) if due.days is None else _said(_days(due.days), due)
    grace, end = terms.grace_days(plan, customer), terms.end_after_days(plan)
    return (until, _said(_days(grace.days or 0), grace), _said(_after(end.days or 0), end))


def plan_panel(plan: Plan) -> Panel:
    """What counts for a plan's customers who have no days of their own."""
    return Panel(_("Rules in force"), TERM_COLUMNS, [term_cells(plan)])


def customer_panel(customer: Any) -> Panel:
    """What counts for each subscription of a customer that the admin fetched with its ``services``."""
    own = CustomerTerms(customer.due_days, customer.grace_days, customer.created_at)
    rows = [(link(service), service.plan.name, *term_cells(service.plan, own)) for service in customer.services]
    return Panel(
        _("Rules in force"),
        (Column(_("Login")), Column(_("Plan")), *TERM_COLUMNS),
        rows,
        empty=_("No subscription yet."),
    )


def _said(text: str, term: Term) -> str:
    return f"{text} ({_(term.source)})"
