"""Take back bills that nothing is allocated to, so that their periods can be billed again (rule B10)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from billing.models import Bill, BillingState, BillLine, Item
from billing.rules.errors import Refused
from billing.services import billing_states, clock


def take_back(bill: Bill, *, reason: str, now: datetime, by: Any = None) -> None:
    """Void a bill of a locked customer and turn its subscriptions back to where its periods started.

    Raises:
        Refused: a later period is billed or skipped already.
    """
    lines = list(bill.lines.filter(kind=BillLine.Kind.RECURRING).order_by("-period"))
    for line in lines:
        _turn_back(line)
    Bill.objects.filter(pk=bill.pk).update(
        status=Bill.Status.VOID, voided_at=now, voided_on=clock.local_date(now), voided_by=by, void_reason=reason
    )
    Item.objects.filter(bill=bill).update(bill=None)
    billing_states.refresh([line.subscription_id for line in lines if line.subscription_id])


def _turn_back(line: BillLine) -> None:
    """Let the next bill start where ``line`` started; only the last period can be taken back."""
    state = BillingState.objects.get(pk=line.subscription_id)
    if line.billed_days.isempty or line.billed_days.upper != state.billed_until:
        raise Refused(
            "A later period of {subscription} is billed or skipped already. Issue a credit note instead.",
            subscription=line.subscription,
        )
    BillingState.objects.filter(pk=line.subscription_id).update(billed_until=line.period.lower)
