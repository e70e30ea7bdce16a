"""Renewals of prepaid subscriptions: paid time is not lost, unpaid time is not billed (rule L4)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _

from billing.models import Bill, BillingState, BillLine, Hold, Subscription, UnbilledDays
from billing.rules import renewal as rules
from billing.rules.errors import Refused
from billing.rules.money import rounded
from billing.rules.periods import Period
from billing.rules.proration import prorated
from billing.services import billing_states, clock, credit, issuing, voiding, wording
from billing.services.drafts import draft
from billing.services.outlook import Outlook, Proposal


def redate(subscription_ids: Collection[int], *, now: datetime, by: Any = None) -> list[int]:
    """Date the renewals anew that were paid after the cut: their period starts on the day of payment.

    The bill is voided and issued again in this transaction, with its items and at the price that
    was asked, never for more. One that was credited in part or written off stays, and so does one
    of a subscription that is on hold. ``subscription_ids`` are those that the payment has just
    freed. Returns the ids of the customers whose bills changed.
    """
    today = clock.local_date(now)
    last = BillLine.objects.filter(
        subscription__in=subscription_ids, billed_days__endswith=F("subscription__billing_state__billed_until")
    )
    paid = Bill.objects.filter(pk__in=last.values("bill"), status=Bill.Status.PAID, credited=0)
    lapsed = [bill for bill in paid.order_by("pk") if _is_lapsed(bill, today)]
    for bill in lapsed:
        _issue_from(today, bill, now=now, by=by)
    return [bill.customer_id for bill in lapsed]


def _is_lapsed(bill: Bill, today: date) -> bool:
    """Whether the bill renews only subscriptions that were cut before a day of it was used."""
    lines = _recurring(bill)
    ids = [line.subscription_id for line in lines]
    states = BillingState.objects.select_related("subscription").in_bulk(ids)
    on_hold = Hold.objects.filter(subscription__in=ids, settled_at=None, days__startswith__lte=today)
    return not on_hold.exists() and all(
        line.billed_days.upper == states[line.subscription_id].billed_until
        and line.period.lower < today < (states[line.subscription_id].subscription.ends_on or date.max)
        and rules.is_renewal(line.cut_off_at, start=line.period.lower, zone=clock.zone())
        for line in lines
    )


def _recurring(bill: Bill) -> list[Any]:
    return list(bill.lines.filter(kind=BillLine.Kind.RECURRING).order_by("subscription_id"))


def _issue_from(today: date, bill: Bill, *, now: datetime, by: Any) -> None:
    lines, items = _recurring(bill), list(bill.items.select_related("tax_rate").order_by("pk"))
    credit.release_bill(bill, now=now)
    with wording.of_the_books():
        reason = _("Paid on {today}, after the paid time had ended").format(today=today)
    voiding.take_back(bill, reason=reason, now=now, by=by)
    billed = [_start_anew(line, today, now=now) for line in lines]
    outlook = Outlook([line.subscription_id for line in lines])
    proposals = [_at_its_price(outlook, line, before) for line, before in zip(lines, billed, strict=True)]
    again = draft(bill.customer_id, proposals, items, issued_on=today)
    issuing.issue([again], now=now, by=by)
    billing_states.follow(outlook, proposals)


def _start_anew(line: Any, today: date, *, now: datetime) -> Period:
    """Let the next period start today; an anniversary subscription counts from today from now on.

    Returns the period that the line billed.
    """
    subscription = Subscription.objects.select_related("plan").get(pk=line.subscription_id)
    before = subscription.schedule.slice_from(line.period.lower, line.period.upper)
    subscription.anchor = rules.redated(subscription.schedule, start=line.period.lower, paid_on=today).anchor
    subscription.save(update_fields=["anchor"])
    billing_states.skip_to(subscription.pk, today, reason=UnbilledDays.Reason.UNPAID, now=now)
    return before


def _at_its_price(outlook: Outlook, line: Any, before: Period) -> Proposal:
    """The next period of the line's subscription, at the price at which the line billed ``before``."""
    service = outlook.services[line.subscription_id]
    found = outlook.propose(service.subscription_id)
    if found is None:
        raise Refused("{login} has no period left that the payment could buy.", login=service.login)
    part = found.period
    share = Fraction(part.days, part.full_days) / Fraction(before.days, before.full_days)
    amount = min(rounded(line.amount * share.numerator / share.denominator, settings.CURRENCY), line.amount)
    discount = max(prorated(line.price, part, settings.CURRENCY) - amount, Decimal(0))
    return found._replace(price=line.price, discount=discount, amount=amount)
