"""The dates of an unpaid bill's ladder: issued, reminders, due, cut, end (rules B3, E2, E10, E16)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils.translation import gettext as _

from billing.models import AccessState, Bill, Block, Subscription
from billing.rules.access import NEVER
from billing.rules.periods import start_of_day
from billing.services import clock, policy, terms
from billing.services.wording import day_of_reminder, price


class Step(NamedTuple):
    """Something that happens at an instant; ``opens`` or ``closes`` is the reason against access that it changes."""

    at: datetime
    what: str
    opens: str = ""
    closes: str = ""


def of_bill(bill: Bill) -> list[Step]:
    """When a bill was issued, when it is due, and its reminders."""
    steps = [
        Step(
            bill.issued_at,
            _("Bill {bill} over {total} is issued.").format(bill=bill, total=price(bill.total, bill.currency)),
        ),
        Step(_start(bill, 0), _("Last day to pay bill {bill}.").format(bill=bill)),
    ]
    steps += [
        Step(
            _start(bill, one.days),
            _("Reminder of bill {bill}, {one}.").format(bill=bill, one=day_of_reminder(one.days)),
        )
        for one in policy.reminder_stages()
    ]
    return steps


def cut(state: AccessState) -> Step | None:
    """When the unpaid bills of a subscription cut it, None if they never do or have done so."""
    if state.cut_off_at in (None, NEVER) or unpaid_since(state.pk):
        return None
    at = policy.calendar().first_cut(state.cut_off_at)
    return Step(at, _("The next expiry check disables it, unless it is paid."), opens=Block.Reason.UNPAID)


def end(subscription: Subscription, cut_at: datetime | None) -> Step | None:
    """When a subscription ends that stays disabled as unpaid, None for never."""
    days = terms.end_after_days(subscription.plan).days
    since = unpaid_since(subscription.pk) or cut_at
    if not days or since is None or subscription.ended_unpaid_on:
        return None
    at = start_of_day(clock.local_date(since) + timedelta(days=days), clock.zone())
    return Step(
        at,
        _("It ends: it has been disabled as unpaid for {days} days then.").format(days=days),
        opens=Block.Reason.ENDED,
    )


def unpaid_since(subscription_id: int) -> datetime | None:
    """Since when a subscription is disabled as unpaid, None when it is not."""
    blocks = Block.objects.filter(subscription=subscription_id, reason=Block.Reason.UNPAID, closed_at=None)
    return blocks.values_list("opened_at", flat=True).first()


def _start(bill: Bill, days: int) -> datetime:
    return start_of_day(bill.due_on + timedelta(days=days), clock.zone())
