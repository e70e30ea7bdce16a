"""The dates of a bill, from its plan or else the installation's settings (rules B2, B3, L4)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.conf import settings

from billing.models import Plan
from billing.rules import access as access_rules
from billing.rules.periods import Period
from billing.services import clock


def issue_on(plan: Plan, period: Period) -> date:
    """The day on which the bill of a period is due to be issued: before it in advance, at its end in arrears."""
    if plan.mode == Plan.Mode.POSTPAID:
        return period.end
    return period.start - timedelta(days=plan.lead_days)


def due_on(plan: Plan, period: Period, issued_on: date) -> date:
    """The last day to pay. A renewal without days of its own is due on the last paid day (rule L4)."""
    if is_renewal(plan):
        return max(issued_on, period.start - timedelta(days=1))
    return access_rules.due_on(issued_on, settings.DUE_DAYS if plan.due_days is None else plan.due_days)


def cut_off_at(plan: Plan, due_on: date) -> datetime:
    """The instant from which the unpaid bill cuts, after the grace days; a renewal has none by default."""
    default = 0 if is_renewal(plan) else settings.GRACE_DAYS
    return access_rules.cut_off_at(due_on, default if plan.grace_days is None else plan.grace_days, clock.zone())


def is_renewal(plan: Plan) -> bool:
    """Whether its bills renew a paid time that is about to end (rule L4)."""
    return plan.mode == Plan.Mode.PREPAID and plan.lead_days > 0 and plan.due_days is None
