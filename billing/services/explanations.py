"""Why a subscription has access at an instant, or not, and what happens next (rule E12).

Told from the rows that the sweep decides on: blocks, access events, the cut-off instant.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from billing.models import AccessEvent, AccessState, Bill, Block, DataUse, ScheduledChange, Subscription
from billing.rules.errors import Refused
from billing.rules.periods import start_of_day
from billing.services import blocks, clock, deferral_states, ladder, policy
from billing.services.ladder import Step
from billing.services.wording import day, instant, price

Kind, Reason = ScheduledChange.Kind, Block.Reason
OPENED_BY: dict[str, str] = {Kind.HOLD: Reason.HOLD, Kind.END: Reason.ENDED}
CLOSED_BY: dict[str, str] = {Kind.START: Reason.PENDING, Kind.RESUME: Reason.HOLD}


@dataclass(frozen=True)
class Explanation:
    """Whether a subscription has access at an instant, and why in sentences.

    ``bills`` are its unpaid ones, the oldest first. ``steps`` are the dates of their ladder and what is
    agreed, in order; those after ``at`` happen if nothing changes.
    """

    subscription: Subscription
    at: datetime
    has_access: bool
    sentences: Sequence[str]
    bills: Sequence[Bill]
    steps: Sequence[Step]

    @property
    def next(self) -> Step | None:
        return next((step for step in self.steps if step.at > self.at), None)


def explain(subscription: Subscription, at: datetime, *, now: datetime | None = None) -> Explanation:
    """Explain the access of a subscription at ``at``: in the past from its history, later from what is known today.

    Args:
        now: the present, which is ``at`` by default; what is due by a later ``at`` will have happened then.

    Raises:
        Refused: the subscription did not exist at ``at``.
    """
    if at < subscription.created_at:
        raise Refused(
            "{subscription} was opened on {created_at}. Ask for a later instant.",
            subscription=subscription,
            created_at=instant(subscription.created_at),
        )
    if AccessEvent.objects.filter(subscription=subscription, at__gt=at).exists():
        return _of_the_past(subscription, at)
    return _from_its_last_change_on(subscription, at, is_to_come=now is not None and at > now)


def why_off(subscription: Subscription, at: datetime) -> list[str]:
    """One sentence for each reason that was open at ``at``; empty when there was none."""
    return [sentence for block in _open_blocks(subscription, at) for sentence in _blocked(block, at)]


def _of_the_past(subscription: Subscription, at: datetime) -> Explanation:
    sentences = [sentence for block in _open_blocks(subscription, at) for sentence in _told(block, at)]
    changes = AccessEvent.objects.filter(subscription=subscription, at__gt=at).order_by("pk")
    steps = [Step(event.at, _happened(event)) for event in changes.select_related("bill", "run")]
    has_access = not sentences
    if has_access:
        sentences = [_("It had access on {at}: nothing spoke against it.").format(at=instant(at))]
    return Explanation(subscription, at, has_access, sentences, (), steps)


def _from_its_last_change_on(subscription: Subscription, at: datetime, *, is_to_come: bool) -> Explanation:
    state = AccessState.objects.get(pk=subscription.pk)
    bills = list(blocks.unpaid_bills(subscription.pk, None).filter(issued_at__lte=at))
    cut = ladder.cut(state)
    end = ladder.end(subscription, cut.at if cut else None)
    steps = sorted(
        [*(step for bill in bills for step in ladder.of_bill(bill)), *_agreed(subscription), *filter(None, (cut, end))]
    )
    reasons = {block.reason: list(_told(block, at)) for block in _open_blocks(subscription, at)}
    if is_to_come:
        _let_happen(steps, cut, at, reasons)
    has_access, told = not reasons, [sentence for sentences in reasons.values() for sentence in sentences]
    if cut and cut.at <= at and has_access:
        has_access, told = not is_to_come, list(_about_to_be_cut(subscription, cut, at))
    told = told or list(_on(state, bills, at))
    return Explanation(subscription, at, has_access, [*told, *_deferred(subscription, at)], bills, steps)


def _let_happen(steps: Sequence[Step], cut: Step | None, at: datetime, reasons: dict[str, list[str]]) -> None:
    """Open and close what the steps until ``at`` will have opened and closed by then."""
    for step in steps:
        if step.at <= at:
            reasons.pop(step.closes, None)
            if step.opens and step is not cut:
                reasons[step.opens] = [f"{instant(step.at)}: {step.what}"]


def _open_blocks(subscription: Subscription, at: datetime) -> list[Block]:
    found = Block.objects.filter(Q(closed_at=None) | Q(closed_at__gt=at), subscription=subscription, opened_at__lte=at)
    return list(found.select_related("bill").order_by("pk"))


def _blocked(block: Block, at: datetime) -> Iterator[str]:
    subscription = block.subscription
    if block.reason == Reason.UNPAID:
        yield from _unpaid(block, at)
    elif block.reason == Reason.HOLD:
        yield _on_hold(block)
    elif block.reason == Reason.PENDING:
        yield _("It starts on {starts_on}: access comes by itself on that day.").format(
            starts_on=day(subscription.starts_on)
        )
    elif block.reason == Reason.ENDED:
        yield from _ended(block)
    elif block.reason == Reason.QUOTA:
        yield _("The quota of its plan is used up since {opened_at}. No payment gives it back.").format(
            opened_at=instant(block.opened_at)
        )
    else:
        note = f": {block.note}" if block.note else ""
        how = _(" “Restore” takes it back.") if block.reason in (Reason.MANUAL, Reason.ABUSE) else ""
        yield _("Disabled as “{reason}” since {opened_at}{note}.{how}").format(
            reason=block.get_reason_display(), opened_at=instant(block.opened_at), note=note, how=how
        )


def _told(block: Block, at: datetime) -> Iterator[str]:
    """Why a block is there, with the run and the bill that set it."""
    if block.reason == Reason.UNPAID:
        yield _cut(block)
    yield from _blocked(block, at)


def _cut(block: Block) -> str:
    event = AccessEvent.objects.filter(
        subscription=block.subscription_id, at=block.opened_at, reason=Reason.UNPAID, change="blocked"
    ).first()
    run = _(" by {run}").format(run=event.run) if event and event.run_id else ""
    bill = block.bill
    because = (
        _(" because bill {bill} of {issued_on} was due on {due_on}").format(
            bill=bill, issued_on=day(bill.issued_on), due_on=day(bill.due_on)
        )
        if bill
        else ""
    )
    return _("It was cut on {opened_at}{run}{because} (rule E1).").format(
        opened_at=instant(block.opened_at), run=run, because=because
    )


def _unpaid(block: Block, at: datetime) -> Iterator[str]:
    if block.closed_at is not None:
        yield _("It was paid or deferred on {closed_at}.").format(closed_at=instant(block.closed_at))
        return
    for bill in blocks.unpaid_bills(block.subscription_id, at):
        left = price(bill.outstanding, bill.currency)
        yield _("Bill {bill} of {issued_on} is unpaid since {due_on}: {left} left to pay.").format(
            bill=bill, issued_on=day(bill.issued_on), due_on=day(bill.due_on), left=left
        )
    yield _("A payment restores the access.")


def _ended(block: Block) -> Iterator[str]:
    subscription = block.subscription
    if subscription.ended_unpaid_on is None:
        yield _("It ended on {local_date}.").format(local_date=day(clock.local_date(block.opened_at)))
    else:
        yield _("It ended on {ended_unpaid_on} because it was unpaid for too long (rule E16).").format(
            ended_unpaid_on=day(subscription.ended_unpaid_on)
        )
    is_unpaid = subscription.ended_unpaid_on and ladder.unpaid_since(subscription.pk)
    if is_unpaid and subscription.plan.reopens_when_paid:
        yield _("A payment opens it again.")
    else:
        yield _("Open a new subscription for this customer instead.")


def _on_hold(block: Block) -> str:
    hold = block.subscription.holds.filter(settled_at=None).order_by("days").first()
    if hold is None:
        return _("On hold since {opened_at}.").format(opened_at=instant(block.opened_at))
    note = f" ({hold.note})" if hold.note else ""
    if hold.days.upper is None:
        return _("On hold since {lower}{note}, until it is resumed. “Resume” brings it back.").format(
            lower=day(hold.days.lower), note=note
        )
    return _("On hold from {lower}{note}; it comes back by itself on {upper}. “Resume” brings it back today.").format(
        lower=day(hold.days.lower), note=note, upper=day(hold.days.upper)
    )


def _on(state: AccessState, bills: Sequence[Bill], at: datetime) -> Iterator[str]:
    if not bills:
        yield _("It has access: no bill that could cut it is unpaid, and nothing else speaks against it.")
        return
    if state.cut_off_at is None:
        minimum = price(policy.minimum_debt())
        yield _("It has access: the overdue debt is not above {minimum}, which cuts nobody (rule E4).").format(
            minimum=minimum
        )
    else:
        yield _("It has access: its unpaid bills do not cut it yet.")
    for bill in bills:
        left = price(bill.outstanding, bill.currency)
        due = _("was due on") if bill.due_on < clock.local_date(at) else _("is to be paid by")
        yield _("Bill {bill} of {issued_on} {due} {due_on}: {left} left to pay.").format(
            bill=bill, issued_on=day(bill.issued_on), due=due, due_on=day(bill.due_on), left=left
        )


def _about_to_be_cut(subscription: Subscription, cut: Step, at: datetime) -> Iterator[str]:
    for bill in blocks.unpaid_bills(subscription.pk, at):
        left = price(bill.outstanding, bill.currency)
        yield _("Bill {bill} of {issued_on} was due on {due_on}: {left} left to pay.").format(
            bill=bill, issued_on=day(bill.issued_on), due_on=day(bill.due_on), left=left
        )
    yield _("The first expiry check from {at} on disables it, unless it is paid (rule E1).").format(at=instant(cut.at))


def _deferred(subscription: Subscription, at: datetime) -> Iterator[str]:
    for deferral in deferral_states.running(subscription.customer_id, now=at, subscription=subscription):
        until = _("until {until}").format(until=day(deferral.until)) if deferral.until else _("at any time")
        yield _("{name}: not cut {until}, because: {why} (rule E11).").format(
            name=type(deferral).__name__, until=until, why=deferral.why
        )


def _agreed(subscription: Subscription) -> Iterator[Step]:
    changes = ScheduledChange.objects.filter(subscription=subscription, status=ScheduledChange.Status.PENDING)
    for change in changes:
        at = start_of_day(change.due_on, clock.zone())
        what = _("Agreed: {kind}.").format(kind=change.get_kind_display())
        yield Step(at, what, OPENED_BY.get(change.kind, ""), CLOSED_BY.get(change.kind, ""))
    for use in DataUse.objects.filter(subscription=subscription, is_over=True):
        at = start_of_day(use.period_end, clock.zone())
        yield Step(at, _("Its quota begins anew (rule E6)."), closes=Reason.QUOTA)


def _happened(event: AccessEvent) -> str:
    bill = _(", bill {bill}").format(bill=event.bill) if event.bill_id else ""
    run = f", {event.run}" if event.run_id else ""
    return _("{change}: {reason}{bill}{run} (rule {rule}).").format(
        change=event.get_change_display().capitalize(),
        reason=event.get_reason_display(),
        bill=bill,
        run=run,
        rule=event.rule,
    )
