"""The dates of a bill, from its customer, else its plan, else the installation's settings (rules B2, B3, E16, L4)."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from django.conf import settings

from billing.models import Customer, Plan
from billing.rules import access as access_rules
from billing.rules.periods import Period, start_of_day
from billing.services import clock
from billing.words import gettext_noop


class CustomerTerms(NamedTuple):
    """What of a customer decides the dates of a bill; None where the plan decides."""

    due_days: int | None
    grace_days: int | None
    since: datetime


class Term(NamedTuple):
    """A number of days, and who says so in English. ``days`` is None for a renewal's: until the last paid day."""

    days: int | None
    source: str


NO_CUSTOMER = CustomerTerms(None, None, datetime.min.replace(tzinfo=UTC))


def of_customer(customer_id: int) -> CustomerTerms:
    return CustomerTerms(*Customer.objects.values_list("due_days", "grace_days", "created_at").get(pk=customer_id))


def issue_on(plan: Plan, period: Period) -> date:
    """The day on which the bill of a period is due to be issued: before it in advance, at its end in arrears."""
    if plan.mode == Plan.Mode.POSTPAID:
        return period.end
    return period.start - timedelta(days=plan.lead_days)


def due_on(plan: Plan, period: Period, issued_on: date, customer: CustomerTerms) -> date:
    """The last day to pay. A renewal without days of its own is due on the last paid day (rule L4)."""
    days = due_days(plan, customer).days
    if days is None:
        return max(issued_on, period.start - timedelta(days=1))
    return access_rules.due_on(issued_on, days)


def due_days(plan: Plan | None, customer: CustomerTerms) -> Term:
    """The days to pay after the issue date; without ``plan`` those of one-off items."""
    if customer.due_days is None and plan and is_renewal(plan):
        return Term(None, "plan")
    return _first(customer.due_days, plan.due_days if plan else None, settings.DUE_DAYS)


def grace_days(plan: Plan | None, customer: CustomerTerms) -> Term:
    """The days online after the due date; a renewal has none by default."""
    if customer.grace_days is None and plan and plan.grace_days is None and is_renewal(plan):
        return Term(0, "plan")
    return _first(customer.grace_days, plan.grace_days if plan else None, settings.GRACE_DAYS)


def end_after_days(plan: Plan) -> Term:
    """The days disabled as unpaid after which a subscription ends, 0 for never."""
    return _first(None, plan.end_after_days, settings.END_AFTER_DAYS)


def items_due_on(issued_on: date, customer: CustomerTerms) -> date:
    """The last day to pay a bill that has one-off items only."""
    return access_rules.due_on(issued_on, due_days(None, customer).days or 0)


def cut_off_at(plan: Plan | None, due_on: date, customer: CustomerTerms) -> datetime:
    """The instant from which the unpaid bill cuts, after the grace days; a renewal has none by default.

    Without ``plan`` it is that of one-off items. A new customer is not cut in the first days.
    """
    cut_off = access_rules.cut_off_at(due_on, grace_days(plan, customer).days or 0, clock.zone())
    if not settings.NEW_CUSTOMER_DAYS:
        return cut_off
    old_on = clock.local_date(customer.since) + timedelta(days=settings.NEW_CUSTOMER_DAYS)
    return max(cut_off, start_of_day(old_on, clock.zone()))


def is_renewal(plan: Plan) -> bool:
    """Whether its bills renew a paid time that is about to end (rule L4)."""
    return plan.mode == Plan.Mode.PREPAID and plan.lead_days > 0 and plan.due_days is None


def _first(customer: int | None, plan: int | None, installation: int) -> Term:
    if customer is not None:
        return Term(customer, gettext_noop("customer"))
    if plan is None:
        return Term(installation, gettext_noop("installation"))
    return Term(plan, gettext_noop("plan"))
