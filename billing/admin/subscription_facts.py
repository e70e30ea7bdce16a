"""What the pages of a subscription's actions show of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _

from billing.admin.action_pages import Facts
from billing.admin.formatting import day, link, money, percent
from billing.models import Discount, Plan, Subscription
from billing.rules.errors import Refused
from billing.services import bills, wording

ONE_DAY = timedelta(days=1)


def facts_of(subscription: Subscription) -> Facts:
    """Who and what, and how far it is billed."""
    plan = subscription.plan
    return [
        (_("Subscription"), link(subscription)),
        (_("Customer"), link(subscription.customer)),
        (_("Plan"), f"{plan}, {price_of(plan)}"),
        (_("Billed until"), billed_until(subscription)),
    ]


def price_of(plan: Plan) -> str:
    """Such as “$25.00 every month”."""
    every = wording.rhythm(plan.interval_count, plan.interval_unit)
    return _("{price} every {interval}").format(price=money(plan.price), interval=every)


def billed_until(subscription: Subscription) -> str:
    """The last day that is billed or will never be."""
    state = subscription.billing_state
    if state.billed_until <= subscription.starts_on:
        return _("nothing is billed yet")
    return _("{billed_until} (last day included)").format(billed_until=day(state.billed_until - ONE_DAY))


def next_bill(subscription: Subscription) -> str:
    """The next bill in words, or why there is none."""
    try:
        proposal = bills.propose(subscription)
    except Refused as refused:
        return str(refused)
    first, last = day(proposal.period.start), day(proposal.period.last_day)
    return _("{amount} for {first} to {last}, to be issued on {issue_on}").format(
        amount=money(proposal.amount), first=first, last=last, issue_on=day(proposal.issue_on)
    )


def days(found: Any) -> str:
    """A half-open range of days as people read it: the last day included."""
    if found.upper is None:
        return _("{lower} until it is resumed").format(lower=day(found.lower))
    last = found.upper - ONE_DAY
    return day(last) if last == found.lower else _("{lower} to {last}").format(lower=day(found.lower), last=day(last))


def taken_off(discount: Discount) -> str:
    """Such as “10 %” or “$5.00”."""
    return money(discount.fixed) if discount.fixed else percent(discount.percent)
