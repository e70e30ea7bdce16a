"""Bills: issue one for a period of a subscription."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from billing.models import Bill, BillLine, Customer, Plan, Subscription
from billing.rules import access as access_rules
from billing.rules.errors import Refused
from billing.rules.money import rounded
from billing.rules.periods import Period
from billing.rules.proration import prorated
from billing.services import access, clock, credit, locks, numbers


@dataclass(frozen=True)
class Proposal:
    """What the next bill of a subscription would be; shown before it is issued."""

    subscription: Subscription
    number: int
    period: Period
    amount: Decimal
    issue_on: date


def propose(subscription: Subscription) -> Proposal:
    """The bill for the first period that is not billed yet.

    Raises:
        Refused: the subscription ends before that period starts.
    """
    plan, number = subscription.plan, subscription.next_period
    period = _period(subscription, number)
    issue_on = period.end if plan.mode == Plan.Mode.POSTPAID else period.start
    return Proposal(subscription, number, period, prorated(plan.price, period, settings.CURRENCY), issue_on)


@transaction.atomic(durable=True)
def issue_period(*, subscription: Subscription, number: int, now: datetime, by: Any = None) -> Bill:
    """Issue the bill for period ``number`` of a subscription and pay it from credit (rule M6).

    A second call for the same period gives the bill that is there (rule B1). Periods come in
    order, so that no day is skipped; arrears are billed when the period is over.

    Raises:
        Refused: not the next period, not over yet (postpaid), or past the subscription's end.
    """
    customer = locks.active_customer(subscription.customer_id)
    states = locks.access_states(customer.pk)
    subscription = Subscription.objects.select_related("plan").get(pk=subscription.pk)
    if number < subscription.next_period:
        return _bill_of(subscription, number)
    if number > subscription.next_period:
        raise Refused(f"Period {subscription.next_period} of {subscription} comes first: no day may be skipped.")
    proposal = propose(subscription)
    issued_on = clock.local_date(now)
    if subscription.plan.mode == Plan.Mode.POSTPAID and issued_on < proposal.issue_on:
        raise Refused(f"The plan is billed in arrears: this period can be billed from {proposal.issue_on} on.")
    bill = _draft(customer, subscription.plan, proposal.amount, now=now, by=by)
    _add_recurring_line(bill, proposal)
    _advance(subscription)
    _issue(bill, now=now)
    access.follow_bills(customer.pk, states, now=now, by=by)
    return bill


def issue_due(*, subscription: Subscription, now: datetime, by: Any = None) -> list[Bill]:
    """Issue every period that is due as of ``now``, once each, however long nobody asked (rule T6)."""
    issued = []
    subscription.refresh_from_db(fields=["next_period"])
    while (proposal := _due_proposal(subscription, clock.local_date(now))) is not None:
        issued.append(issue_period(subscription=subscription, number=proposal.number, now=now, by=by))
        subscription.refresh_from_db(fields=["next_period"])
    return issued


def _due_proposal(subscription: Subscription, today: date) -> Proposal | None:
    try:
        proposal = propose(subscription)
    except Refused:
        return None
    return proposal if proposal.issue_on <= today else None


def _period(subscription: Subscription, number: int) -> Period:
    period = subscription.schedule.period(number)
    ends_on = subscription.ends_on
    if ends_on is None or period.end <= ends_on:
        return period
    if period.start >= ends_on:
        raise Refused(f"{subscription} ends on {ends_on}: there is no period left to bill.")
    return Period(period.start, ends_on, period.full_days)


def _draft(customer: Customer, plan: Plan, total: Decimal, *, now: datetime, by: Any) -> Bill:
    issued_on = clock.local_date(now)
    due_days = settings.DUE_DAYS if plan.due_days is None else plan.due_days
    return Bill.objects.create(
        customer=customer,
        currency=settings.CURRENCY,
        total=total,
        issued_at=now,
        issued_on=issued_on,
        due_on=access_rules.due_on(issued_on, due_days),
        customer_code=customer.code,
        customer_name=customer.name,
        customer_address=customer.address,
        issued_by=by,
    )


def _add_recurring_line(bill: Bill, proposal: Proposal) -> None:
    subscription, period = proposal.subscription, proposal.period
    plan = subscription.plan
    grace_days = settings.GRACE_DAYS if plan.grace_days is None else plan.grace_days
    BillLine.objects.create(
        bill=bill,
        kind=BillLine.Kind.RECURRING,
        subscription=subscription,
        period=DateRange(period.start, period.end),
        description=f"{plan.name}, {subscription.login}, {period.start} to {period.last_day}",
        price=rounded(plan.price, bill.currency),
        amount=proposal.amount,
        cut_off_at=access_rules.cut_off_at(bill.due_on, grace_days, clock.zone()),
    )


def _advance(subscription: Subscription) -> None:
    subscription.next_period += 1
    subscription.save(update_fields=["next_period"])


def _issue(bill: Bill, *, now: datetime) -> None:
    """Give the draft its number and pay it from the customer's credit."""
    payments = locks.payments_with_credit(bill.customer_id) if bill.total else []
    bill.sequence, bill.number = numbers.take("bill")
    bill.status = Bill.Status.OPEN if bill.total else Bill.Status.PAID
    bill.save(update_fields=["sequence", "number", "status"])
    credit.apply(payments, [bill], now=now)
    bill.refresh_from_db(fields=["status", "allocated"])


def _bill_of(subscription: Subscription, number: int) -> Bill:
    start = subscription.schedule.period(number).start
    return Bill.objects.get(lines__subscription=subscription, lines__period__startswith=start, lines__voided=False)
