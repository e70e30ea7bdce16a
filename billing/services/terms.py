"""The dates of a bill, from its customer, else its plan, else the installation's settings (rules B2, B3, L4)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from billing.models import Customer, Plan
from billing.rules import access as access_rules
from billing.rules.periods import Period, start_of_day
from billing.services import clock


class CustomerTerms(NamedTuple):
    """What of a customer decides the dates of a bill; None where the plan decides."""

    due_days: int | None
    grace_days: int | None
    since: datetime


def of_customer(customer_id: int) -> CustomerTerms:
    return CustomerTerms(*Customer.objects.values_list("due_days", "grace_days", "created_at").get(pk=customer_id))


def issue_on(plan: Plan, period: Period) -> date:
    """The day on which the bill of a period is due to be issued: before it in advance, at its end in arrears."""
    if plan.mode == Plan.Mode.POSTPAID:
        return period.end
    return period.start - timedelta(days=plan.lead_days)


def due_on(plan: Plan, period: Period, issued_on: date, customer: CustomerTerms) -> date:
    """The last day to pay. A renewal without days of its own is due on the last paid day (rule L4)."""
    if customer.due_days is None and is_renewal(plan):
        return max(issued_on, period.start - timedelta(days=1))
    return access_rules.due_on(issued_on, _first(customer.due_days, plan.due_days, settings.DUE_DAYS))


def items_due_on(issued_on: date, customer: CustomerTerms) -> date:
    """The last day to pay a bill that has one-off items only."""
    return access_rules.due_on(issued_on, _first(customer.due_days, settings.DUE_DAYS))


def cut_off_at(plan: Plan | None, due_on: date, customer: CustomerTerms) -> datetime:
    """The instant from which the unpaid bill cuts, after the grace days; a renewal has none by default.

    Without ``plan`` it is that of one-off items. A new customer is not cut in the first days.
    """
    default = 0 if plan and is_renewal(plan) else settings.GRACE_DAYS
    grace_days = _first(customer.grace_days, plan.grace_days if plan else None, default)
    cut_off = access_rules.cut_off_at(due_on, grace_days, clock.zone())
    if not settings.NEW_CUSTOMER_DAYS:
        return cut_off
    old_on = clock.local_date(customer.since) + timedelta(days=settings.NEW_CUSTOMER_DAYS)
    return max(cut_off, start_of_day(old_on, clock.zone()))


def is_renewal(plan: Plan) -> bool:
    """Whether its bills renew a paid time that is about to end (rule L4)."""
    return plan.mode == Plan.Mode.PREPAID and plan.lead_days > 0 and plan.due_days is None


def _first(*days: int | None) -> int:
    return next(one for one in days if one is not None)
