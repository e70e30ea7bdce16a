"""Bills at the desk: issue one for a period, void one (rules B1, B10)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from billing.models import Bill, BillLine, Plan, Subscription
from billing.rules.errors import Refused
from billing.services import billing_states, clock, issuing, locks, settlement, texts, voiding, wording
from billing.services.drafts import BillDraft, draft, waiting_items
from billing.services.outlook import Outlook, Proposal


def propose(subscription: Subscription) -> Proposal:
    """What the next bill of a subscription would charge; shown before it is issued.

    Raises:
        Refused: there is no period left to bill, or it waits for a payment or the end of a hold.
    """
    return _proposal(Outlook([subscription.pk]), subscription)


def preview(subscription: Subscription, *, now: datetime) -> BillDraft:
    """The bill that ``issue_period`` would issue now. Raises Refused as ``propose`` does."""
    items = waiting_items([subscription.customer_id])
    return draft(subscription.customer_id, [propose(subscription)], items, issued_on=clock.local_date(now))


@transaction.atomic(durable=True)
def issue_period(*, subscription: Subscription, start: date, now: datetime, by: Any = None) -> Bill:
    """Issue the bill for the period of a subscription that starts on ``start`` and pay it from credit (rule M6).

    A second call for the same period gives the bill that is there (rule B1). Periods come in
    order, so that no day is skipped; arrears are billed when the period is over. Items that wait
    come along.

    Raises:
        Refused: not the next period, not over yet (postpaid), or none is left to bill.
    """
    customer = locks.active_customer(subscription.customer_id)
    locks.access_states([customer.pk])
    outlook = Outlook([subscription.pk])
    billed_until = outlook.services[subscription.pk].billed_until
    if start < billed_until:
        return _bill_of(subscription, start)
    if start > billed_until:
        raise Refused(
            "The period from {billed_until} of {subscription} comes first: no day may be skipped.",
            billed_until=wording.day(billed_until),
            subscription=subscription,
        )
    proposal, today = _proposal(outlook, subscription), clock.local_date(now)
    if proposal.plan.mode == Plan.Mode.POSTPAID and today < proposal.issue_on:
        raise Refused(
            "The plan is billed in arrears: this period can be billed from {issue_on} on.",
            issue_on=wording.day(proposal.issue_on),
        )
    bill = draft(customer.pk, [proposal], waiting_items([customer.pk]), issued_on=today)
    return Bill.objects.get(pk=issue(outlook, [bill], now=now, by=by)[0])


@transaction.atomic(durable=True)
def void(*, bill: Bill, reason: str, now: datetime, by: Any = None) -> None:
    """Take back a bill that nothing was paid of, so that its periods can be billed again (rule B10).

    A second call for the same reason by the same person changes nothing.

    Raises:
        Refused: it is not open, something was paid or credited of it, or a later period is billed.
    """
    reason = texts.checked(reason, longest=200, missing=_("Say why the bill is voided."))
    locks.customer(bill.customer_id)
    locks.access_states([bill.customer_id])
    bill = Bill.objects.get(pk=bill.pk)
    if bill.status == Bill.Status.VOID and (bill.void_reason, bill.voided_by) == (reason, by):
        return
    _check_voidable(bill)
    voiding.take_back(bill, reason=reason, now=now, by=by)
    settlement.settle([bill.customer_id], now=now, by=by)
    bill.refresh_from_db()


def issue(outlook: Outlook, drafts: Sequence[BillDraft], *, now: datetime, by: Any = None) -> list[int]:
    """Issue the bills of locked customers and let credit, access and the next dates follow; their ids."""
    ids = issuing.issue(drafts, now=now, by=by)
    billing_states.follow(outlook, [proposal for bill in drafts for proposal in bill.proposals])
    settlement.settle({bill.customer_id for bill in drafts}, now=now, by=by)
    return ids


def _proposal(outlook: Outlook, subscription: Subscription) -> Proposal:
    proposal = outlook.propose(subscription.pk)
    if proposal is not None:
        return proposal
    service = outlook.services[subscription.pk]
    if service.is_unpaid:
        raise Refused(
            "{subscription} is disabled as unpaid and not billed meanwhile. Receive the payment first.",
            subscription=subscription,
        )
    if service.ends_on is not None and service.ends_on <= service.billed_until:
        raise Refused(
            "{subscription} ends on {ends_on}: there is no period left to bill.",
            subscription=subscription,
            ends_on=wording.day(service.ends_on),
        )
    raise Refused("{subscription} is on hold and not billed meanwhile. Resume it first.", subscription=subscription)


def _bill_of(subscription: Subscription, start: date) -> Bill:
    lines = BillLine.objects.filter(subscription=subscription, period__startswith=start, billed_days__isempty=False)
    line = lines.select_related("bill").first()
    if line is None:
        raise Refused(
            "The days from {start} of {subscription} are not to be billed. Reload and look again.",
            start=wording.day(start),
            subscription=subscription,
        )
    return line.bill


def _check_voidable(bill: Bill) -> None:
    if bill.status == Bill.Status.VOID:
        raise Refused("Bill {bill} is void already.", bill=bill)
    if bill.credited > 0:
        raise Refused("Bill {bill} has a credit note. Credit the rest of it instead.", bill=bill)
    if bill.allocated > 0:
        raise Refused(
            "Bill {bill} is paid, in part at least. Reverse its payments first, or issue a credit note.", bill=bill
        )
