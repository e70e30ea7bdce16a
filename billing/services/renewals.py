"""Renewals of prepaid subscriptions: paid time is not lost, unpaid time is not billed (rule L4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings

from billing.models import Bill, BillingState, BillLine, Subscription, UnbilledDays
from billing.rules import renewal as rules
from billing.rules.money import rounded
from billing.rules.proration import prorated
from billing.services import billing_states, clock, credit, issuing, voiding
from billing.services.drafts import draft, waiting_items
from billing.services.outlook import Outlook, Proposal


def redate(subscription_ids: Collection[int], *, now: datetime, by: Any = None) -> list[int]:
    """Date the renewals anew that were paid after the cut: their period starts on the day of payment.

    The bill is voided and issued again in this transaction, at the price that was asked, never
    for more. ``subscription_ids`` are those that the payment has just freed. Returns the ids of
    the customers whose bills changed.
    """
    today = clock.local_date(now)
    paid = Bill.objects.filter(lines__subscription__in=subscription_ids, status=Bill.Status.PAID).distinct()
    lapsed = [bill for bill in paid.order_by("pk") if _is_lapsed(bill, today)]
    for bill in lapsed:
        _issue_from(today, bill, now=now, by=by)
    return [bill.customer_id for bill in lapsed]


def _is_lapsed(bill: Bill, today: date) -> bool:
    """Whether the bill renews only subscriptions that were cut before a day of it was used."""
    lines = _recurring(bill)
    states = BillingState.objects.select_related("subscription").in_bulk([line.subscription_id for line in lines])
    return bool(lines) and all(
        line.billed_days.upper == states[line.subscription_id].billed_until
        and line.period.lower < today < (states[line.subscription_id].subscription.ends_on or date.max)
        and rules.is_renewal(line.cut_off_at, start=line.period.lower, zone=clock.zone())
        for line in lines
    )


def _recurring(bill: Bill) -> list[Any]:
    return list(bill.lines.filter(kind=BillLine.Kind.RECURRING).order_by("subscription_id"))


def _issue_from(today: date, bill: Bill, *, now: datetime, by: Any) -> None:
    lines = _recurring(bill)
    credit.release_bill(bill, now=now)
    voiding.take_back(bill, reason=f"Paid on {today}, after the paid time had ended", now=now, by=by)
    periods = [_start_anew(line, today, now=now) for line in lines]
    outlook = Outlook([line.subscription_id for line in lines])
    proposals = [_proposal(outlook, line, found) for line, found in zip(lines, periods, strict=True)]
    again = draft(bill.customer_id, proposals, waiting_items([bill.customer_id]), issued_on=today)
    issuing.issue([again], now=now, by=by)
    billing_states.follow(outlook, proposals)


def _start_anew(line: Any, today: date, *, now: datetime) -> rules.Redated:
    """The period from today on; an anniversary subscription counts from today from now on."""
    subscription = Subscription.objects.select_related("plan").get(pk=line.subscription_id)
    found = rules.redated(subscription.schedule, start=line.period.lower, paid_on=today, ends_on=subscription.ends_on)
    subscription.anchor = found.anchor
    subscription.save(update_fields=["anchor"])
    billing_states.skip_to(subscription.pk, today, reason=UnbilledDays.Reason.UNPAID, now=now)
    return found


def _proposal(outlook: Outlook, line: Any, found: rules.Redated) -> Proposal:
    service, part = outlook.services[line.subscription_id], found.slice
    amount = rounded(line.amount * part.days / part.full_days, settings.CURRENCY)
    discount = max(prorated(line.price, part, settings.CURRENCY) - amount, Decimal(0))
    return Proposal(service, outlook.plan_of(service), found.anchor, part, line.price, discount, amount, part.start)
